#include "milter/libmilter/kick.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string_view>

#include "milter/setup/notify.h"

namespace fallbackmx {

namespace {

using namespace std::string_view_literals;

constexpr auto poke_interval = std::chrono::seconds(1);

/// Packets are a length of four bytes, a letter, and what belongs to it. Version 6, no action, nothing left
/// out.
constexpr auto option_packet = "\0\0\0\x0dO\0\0\0\x06\0\0\0\0\0\0\0\0"sv;
/// "Unknown command": legal whenever no message is open, and answered without a callback.
constexpr auto poke_packet = "\0\0\0\x06UNOOP\0"sv;

int begin_connection(const SocketAddress& to) {
  const int descriptor = socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  // Over TCP: no TIME_WAIT left behind for each kick.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // EINPROGRESS and EAGAIN (a full queue wakes libmilter, too) are fine.
  static_cast<void>(connect(descriptor, to.get(), to.size));
  return descriptor;
}

bool is_ours(const SocketAddress& address, int descriptor) {
  if (address.family() != AF_UNIX) return true;
  ucred peer{};
  socklen_t size = sizeof peer;
  // Not connected is no proof of anything: only another listener is.
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid == 0) return true;
  return peer.pid == getpid();
}

}  // namespace

void Kick::now() noexcept {
  if (lost_) return;
  const int descriptor = begin_connection(own_socket_);
  if (descriptor < 0) return;
  const bool ours = is_ours(own_socket_, descriptor);
  close(descriptor);
  if (ours || lost_.exchange(true)) return;
  try {
    log_.error("another process listens at the path of our milter socket: clients no longer reach this one");
  } catch (...) {  // no memory for a line of log
  }
}

SpareSession::SpareSession(SocketAddress own_socket, Kick& kick) : own_socket_(own_socket), kick_(kick) {
  open();
  thread_ = std::thread([this] { run(); });
}

SpareSession::~SpareSession() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
  close();
}

void SpareSession::run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, poke_interval, [this] { return stopping_; })) {
    lock.unlock();
    poke();
    lock.lock();
  }
}

void SpareSession::open() {
  unanswered_ = false;
  socket_ = begin_connection(own_socket_);
  if (socket_ >= 0 && is_ours(own_socket_, socket_)) {
    send(socket_, option_packet.data(), option_packet.size(), MSG_NOSIGNAL);
  } else {
    close();
  }
}

void SpareSession::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void SpareSession::poke() {
  char answers[256];
  const auto read = recv(socket_, answers, sizeof answers, MSG_DONTWAIT);
  if (read > 0) {
    unanswered_ = false;
    notify_alive();
  }
  if (read == 0) close();
  if (socket_ < 0) open();
  // Our own poke may be queued to a busy worker like any other command.
  if (unanswered_) kick_.now();
  if (socket_ < 0) return;
  if (send(socket_, poke_packet.data(), poke_packet.size(), MSG_NOSIGNAL) < 0) close();
  unanswered_ = true;
}

}  // namespace fallbackmx
