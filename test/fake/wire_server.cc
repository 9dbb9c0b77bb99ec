#include "test/fake/wire_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace fallbackmx {

WireServer::WireServer(Clock& clock)
    : clock_(clock),
      bell_(must_succeed(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      refusing_(loopback_socket(SOCK_STREAM)),  // a port that is bound and does not listen refuses
      refusing_port_(port_of(refusing_)) {
  thread_ = std::thread([this] { run(); });
}

WireServer::~WireServer() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  look_again();
  thread_.join();
}

std::uint16_t WireServer::serve(std::shared_ptr<ScriptedServer> server) {
  auto socket = loopback_socket(SOCK_STREAM | SOCK_NONBLOCK);
  must_succeed(listen(socket.get(), SOMAXCONN), "listen");
  const auto port = port_of(socket);
  {
    const std::lock_guard guard(mutex_);
    listeners_.push_back({std::move(socket), std::move(server)});
  }
  look_again();
  return port;
}

void WireServer::serve_unix(const std::string& path, std::shared_ptr<ScriptedServer> server) {
  FileDescriptor socket(
      must_succeed(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  must_succeed(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  must_succeed(listen(socket.get(), SOMAXCONN), "listen");
  {
    const std::lock_guard guard(mutex_);
    listeners_.push_back({std::move(socket), std::move(server)});
  }
  look_again();
}

void WireServer::look_again() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(bell_.get(), &one, sizeof one);
}

bool WireServer::idle() const {
  const std::lock_guard guard(mutex_);
  const auto now = clock_.now();
  std::vector<pollfd> polled{{bell_.get(), POLLIN, 0}};
  for (const auto& listener : listeners_) polled.push_back({listener.socket.get(), POLLIN, 0});
  for (const auto& client : clients_) {
    if (const auto next = client.connection.next(); next && *next <= now && !client.closing) return false;
    if (!client.outgoing.empty()) return false;
    polled.push_back({client.socket.get(), POLLIN, 0});
  }
  return poll(polled.data(), polled.size(), 0) == 0;
}

void WireServer::run() {
  for (std::unique_lock lock(mutex_); !stopping_;) {
    std::vector<pollfd> polled{{bell_.get(), POLLIN, 0}};
    for (const auto& listener : listeners_) polled.push_back({listener.socket.get(), POLLIN, 0});
    for (const auto& client : clients_) {
      const short events = client.outgoing.empty() ? POLLIN : POLLIN | POLLOUT;
      polled.push_back({client.socket.get(), events, 0});
    }
    const auto listening = listeners_.size(), talking = clients_.size();
    const auto timeout = patience();
    lock.unlock();
    poll(polled.data(), polled.size(), timeout);
    lock.lock();

    std::uint64_t rings;
    [[maybe_unused]] const auto got = read(bell_.get(), &rings, sizeof rings);
    // Both lists only grow while nobody holds the lock, and they do so at their ends.
    auto event = polled.begin() + 1;
    auto listener = listeners_.begin();
    for (std::size_t i = 0; i < listening; ++i, ++listener, ++event) {
      if (event->revents != 0) accept_client(*listener);
    }
    auto client = clients_.begin();
    for (std::size_t i = 0; i < talking; ++i, ++client, ++event) {
      if (event->revents != 0) read_from(*client);
    }
    for (auto& one : clients_) pump(one);
    clients_.remove_if([](const Client& one) { return one.gone; });
  }
}

/// Milliseconds until the first server has something to do; for poll(2).
int WireServer::patience() const {
  auto next = SteadyTime::max();
  for (const auto& client : clients_) {
    if (!client.closing) next = std::min(next, client.connection.next().value_or(SteadyTime::max()));
  }
  if (next == SteadyTime::max()) return -1;
  if (next == SteadyTime::min()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void WireServer::accept_client(const Listener& listener) {
  FileDescriptor socket(accept4(listener.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.get() < 0) return;
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  clients_.emplace_back(std::move(socket), listener.server, clock_.now());
}

void WireServer::read_from(Client& client) {
  std::array<char, 4096> piece;
  for (;;) {
    const auto got = read(client.socket.get(), piece.data(), piece.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      pump(client);  // what it said before it left still counts: clients need not wait for the answer to QUIT
      client.connection.client_closed(clock_.now());
      client.gone = true;
      return;
    }
    if (!client.closing)
      client.connection.receive({piece.data(), static_cast<std::size_t>(got)}, clock_.now());
  }
}

void WireServer::pump(Client& client) {
  flush(client);
  while (!client.gone && !client.closing) {
    const auto output = client.connection.take(clock_.now());
    if (!output) return;
    client.outgoing += output->bytes;
    flush(client);
    if (output->end == ServerConnection::End::reset) {
      const linger at_once{1, 0};
      setsockopt(client.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      client.gone = true;
    }
    if (output->end == ServerConnection::End::close) {
      // Not close(2): with unread bytes it would be a reset, and overtake the reply.
      shutdown(client.socket.get(), SHUT_WR);
      client.closing = true;
    }
  }
}

void WireServer::flush(Client& client) {
  while (!client.outgoing.empty()) {
    const auto sent = send(client.socket.get(), client.outgoing.data(), client.outgoing.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) client.outgoing.clear();
      return;
    }
    client.outgoing.erase(0, static_cast<std::size_t>(sent));
  }
}

}  // namespace fallbackmx
