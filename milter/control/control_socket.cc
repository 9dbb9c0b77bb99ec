#include "milter/control/control_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "milter/control/control_message.h"
#include "milter/control/line_stream.h"
#include "probe/base/clock.h"
#include "probe/base/file_descriptor.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_connections = 32;
constexpr int backlog = 64;

Error trouble(const std::string& what, const std::string& path) {
  return {"control_socket: " + what + ' ' + path + ": " + std::strerror(errno)};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

std::optional<ControlPeer> peer_of(int descriptor) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  return ControlPeer{.user = who.uid, .process = who.pid};
}

/// Removes what a daemon that was killed has left at the path.
std::optional<Error> make_room(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0)
    return errno == ENOENT ? std::nullopt : std::optional(trouble("cannot look at", path));
  if (!S_ISSOCK(found.st_mode)) return Error{"control_socket: " + path + " is there, and is no socket"};
  const FileDescriptor knocking(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  const bool answers =
      connect(knocking.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (answers || errno == EAGAIN) return Error{"control_socket: another process listens on " + path};
  if (errno != ECONNREFUSED) return trouble("cannot find out whether anybody listens on", path);
  if (unlink(path.c_str()) != 0) return trouble("cannot remove the old socket", path);
  return std::nullopt;
}

}  // namespace

bool ControlPeer::may_change() const { return user == 0 || user == geteuid(); }

class ControlSocket::Impl {
 public:
  Impl(std::string path, ControlAnswer answer, std::chrono::milliseconds patience)
      : path_(std::move(path)), answer_(std::move(answer)), patience_(patience) {}

  ~Impl() {
    if (acceptor_.joinable()) {
      {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto& each : connections_) shutdown(each.descriptor.get(), SHUT_RD);
        left_.notify_all();
      }
      eventfd_write(wake_.get(), 1);
      acceptor_.join();
    }
    for (auto& each : connections_) each.thread.join();
    struct stat there {};
    if (made_ && lstat(path_.c_str(), &there) == 0 && std::pair(there.st_dev, there.st_ino) == *made_)
      unlink(path_.c_str());
  }

  std::optional<Error> listen() {
    mkdir(std::filesystem::path(path_).parent_path().c_str(), 0755);  // usually it is there
    if (auto error = make_room(path_)) return error;
    listening_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    wake_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const sockaddr_un address = address_of(path_);
    // The mode that a socket has before it is bound is the one that its name is made with.
    if (listening_.get() < 0 || wake_.get() < 0 || fchmod(listening_.get(), 0660) != 0 ||
        bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return trouble("cannot make", path_);
    struct stat made {};
    if (lstat(path_.c_str(), &made) == 0) made_ = {made.st_dev, made.st_ino};
    if (::listen(listening_.get(), backlog) != 0) return trouble("cannot listen on", path_);
    acceptor_ = std::thread([this] { accept_all(); });
    return std::nullopt;
  }

 private:
  struct Connection {
    FileDescriptor descriptor;
    std::thread thread{};
    bool over = false;
  };

  void accept_all() {
    while (wait_for_room()) {
      pollfd either[] = {{.fd = listening_.get(), .events = POLLIN, .revents = 0},
                         {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
      if (poll(either, 2, -1) < 0) {
        pause();  // for want of memory, which passes
        continue;
      }
      eventfd_t wakes = 0;
      eventfd_read(wake_.get(), &wakes);
      FileDescriptor descriptor(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (descriptor.get() >= 0) {
        begin(std::move(descriptor));
      } else if (errno != EAGAIN && errno != EINTR) {
        pause();  // descriptors have run out, and the pending connection keeps the socket readable
      }
    }
  }

  /// Until it may be better, or somebody wants to stop.
  void pause() {
    pollfd wake{.fd = wake_.get(), .events = POLLIN, .revents = 0};
    if (poll(&wake, 1, 1000) < 0) std::this_thread::yield();
  }

  /// Joins those that are over, and waits until there are not too many; false when it is time to stop.
  bool wait_for_room() {
    std::list<Connection> over;
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return stopping_ || active_ < most_connections; });
    for (auto each = connections_.begin(); each != connections_.end();) {
      const auto next = std::next(each);
      if (each->over) over.splice(over.end(), connections_, each);
      each = next;
    }
    lock.unlock();
    for (auto& each : over) each.thread.join();
    lock.lock();
    return !stopping_;
  }

  void begin(FileDescriptor descriptor) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    // Out of memory or threads: he finds his connection closed, and tries again.
    try {
      connections_.emplace_back();
    } catch (const std::exception&) {
      return;
    }
    Connection& connection = connections_.back();
    connection.descriptor = std::move(descriptor);
    try {
      connection.thread = std::thread([this, &connection] { serve(connection); });
      ++active_;
    } catch (const std::exception&) {
      connections_.pop_back();
    }
  }

  void serve(Connection& connection) {
    try {
      if (const auto peer = peer_of(connection.descriptor.get())) talk(connection.descriptor.get(), *peer);
    } catch (const std::exception&) {  // out of memory: nothing that he could do about it
    }
    const std::lock_guard lock(mutex_);
    // The descriptor stays open until the thread is joined, so that nobody shuts down another one of its
    // number.
    shutdown(connection.descriptor.get(), SHUT_RDWR);
    connection.over = true;
    --active_;
    left_.notify_all();
    eventfd_write(wake_.get(), 1);
  }

  void talk(int descriptor, const ControlPeer& peer) const {
    LineStream stream(descriptor, longest_request);
    for (;;) {
      const auto request = stream.read_line(clock_.now() + patience_);
      if (!request) {
        if (stream.too_long()) {
          const auto reply = control_error(EX_PROTOCOL, "the request is longer than 64 KiB");
          stream.write_line(to_line(reply), clock_.now() + patience_);
        }
        return;
      }
      if (!stream.write_line(answer_(*request, peer), clock_.now() + patience_)) return;
    }
  }

  const std::string path_;
  const ControlAnswer answer_;
  const std::chrono::milliseconds patience_;
  const SystemClock clock_;
  FileDescriptor listening_, wake_;
  std::optional<std::pair<dev_t, ino_t>> made_;  ///< what we made at the path
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable left_;
  // Guarded by mutex_:
  std::list<Connection> connections_;
  std::size_t active_ = 0;
  bool stopping_ = false;
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::string& path, ControlAnswer answer,
                                                           std::chrono::milliseconds patience) {
  auto impl = std::make_unique<Impl>(path, std::move(answer), patience);
  if (auto error = impl->listen()) return *std::move(error);
  return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(impl)));
}

ControlSocket::ControlSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlSocket::~ControlSocket() = default;

}  // namespace fallbackmx
