#include "probe/wire/stream.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace fallbackmx {

namespace {

/// A socket address of any family, as the system calls want it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  SocketAddress(const IpAddress& address, std::uint16_t port) {
    if (address.is_v4()) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
      const auto bytes = address.to_v4().to_bytes();
      std::memcpy(&v4->sin_addr, bytes.data(), bytes.size());
      size = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
      const auto bytes = address.to_v6().to_bytes();
      std::memcpy(&v6->sin6_addr, bytes.data(), bytes.size());
      v6->sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
      size = sizeof *v6;
    }
  }
  explicit SocketAddress(const std::string& unix_path) {
    auto* local = reinterpret_cast<sockaddr_un*>(&storage);
    local->sun_family = AF_UNIX;
    // Its end is a NUL, which is there already; longer paths were refused when they were read.
    std::memcpy(local->sun_path, unix_path.data(), std::min(unix_path.size(), sizeof local->sun_path - 1));
    size = sizeof *local;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

IoResult would_block() { return {.status = IoResult::Status::would_block}; }

IoResult failed(int error) {
  // The kernel prefers the last ICMP message, if there was one, to "timed out".
  const bool lost = error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
  const bool ours = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
  return {.status = IoResult::Status::failed, .why = std::strerror(error), .lost = lost, .ours = ours};
}

/// What socket(2), bind(2) or connect(2) said at once: nothing was sent, so the other side has no part in it.
IoResult failed_here(int error) {
  IoResult result = failed(error);
  result.no_way = error == ENETUNREACH || error == EHOSTUNREACH || error == EAFNOSUPPORT;
  result.ours = result.ours || error == EADDRNOTAVAIL || error == EACCES || error == EPERM;
  result.lost = false;
  return result;
}

int tcp_socket(const IpAddress& of) {
  return socket(of.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int socket_for(const Endpoint& to) {
  return to.unix_path.empty() ? tcp_socket(to.address)
                              : socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// Empty when it is done.
std::string bind_to(int fd, const BindAddress& from) {
  const SocketAddress own(from.address, 0);
  if (bind(fd, own.get(), own.size) == 0) return {};
  const int error = errno;  // what makes the sentence may change it
  return fmt::format("{} = {}: {}; {}", from.parameter, from.address.to_string(), std::strerror(error),
                     from.enforce
                         ? "no primary is asked from another address (smtp_bind_address_enforce = yes)"
                         : "probes come from another address of this machine");
}

class TcpStream final : public Stream {
 public:
  TcpStream(const Endpoint& to, const BindAddress& from)
      : fd_(socket_for(to)), readiness_(std::in_place, fd_) {
    if (fd_ < 0) {
      give_up(failed_here(errno));
    } else if (!to.unix_path.empty()) {
      begin_local(to.unix_path);
    } else if (take_address(from)) {
      begin(to);
    }
  }
  ~TcpStream() override {
    readiness_.reset();
    if (fd_ >= 0) close(fd_);
  }
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  Readiness& readiness() override { return *readiness_; }
  std::string remark() const override { return remark_; }

  IoResult connected() override {
    if (failure_) return *failure_;
    if (connected_) return {};
    pollfd writable{fd_, POLLOUT, 0};
    if (poll(&writable, 1, 0) <= 0) return would_block();
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) {
      give_up(failed(error));
      return *failure_;
    }
    stand();
    return {};
  }

  IoResult read(std::span<char> into) override {
    if (failure_) return *failure_;
    const auto got = ::read(fd_, into.data(), into.size());
    if (got > 0) {
      // Many servers write each reply of a pipelined burst by itself, with Nagle's algorithm on: the second
      // one waits for our acknowledgement of the first, which the kernel would keep back for 40 ms. It must
      // be asked for each time.
      const int on = 1;
      setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
      return {.bytes = static_cast<std::size_t>(got)};
    }
    if (got == 0) return {.status = IoResult::Status::closed, .why = "connection closed"};
    return trouble();
  }

  IoResult write(std::string_view bytes) override {
    if (failure_) return *failure_;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) return {.bytes = static_cast<std::size_t>(sent)};
    return trouble();
  }

 private:
  /// False when there is to be no connection without that address.
  bool take_address(const BindAddress& from) {
    if (from.address.is_unspecified()) return true;
    std::string trouble = bind_to(fd_, from);
    if (!trouble.empty() && from.enforce) {
      give_up({.status = IoResult::Status::failed, .why = std::move(trouble), .ours = true});
      return false;
    }
    remark_ = std::move(trouble);
    return true;
  }

  /// Stands or fails at once; with EAGAIN where too many wait to be accepted.
  void begin_local(const std::string& path) {
    if (connect(fd_, SocketAddress(path).get(), sizeof(sockaddr_un)) == 0)
      connected_ = true;
    else
      give_up(failed(errno));
  }

  void begin(const Endpoint& to) {
    const int on = 1;
    // A probe is a handful of small packets: none of them may wait for the acknowledgement of the one before.
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const SocketAddress peer(to.address, to.port);
    if (connect(fd_, peer.get(), peer.size) == 0) {
      stand();
    } else if (errno == ECONNREFUSED) {  // by a server on this machine
      give_up(failed(errno));
    } else if (errno != EINPROGRESS) {
      give_up(failed_here(errno));
    }
  }

  /// The connection stands. While it is made, others decide how long to wait.
  void stand() {
    connected_ = true;
    const int on = 1, second = static_cast<int>(keepalive_after.count());
    const int limit = static_cast<int>(silence_limit.count());
    setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    // For the time when everything that was sent is acknowledged. With TCP_USER_TIMEOUT the number of
    // keepalives that may go unanswered does not count (tcp(7)).
    setsockopt(fd_, IPPROTO_TCP, TCP_KEEPIDLE, &second, sizeof second);
    setsockopt(fd_, IPPROTO_TCP, TCP_KEEPINTVL, &second, sizeof second);
    setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }

  IoResult trouble() {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return would_block();
    IoResult result = failed(errno);
    if (result.lost) give_up(result);  // the kernel says it once, and then "connection closed"
    return result;
  }

  void give_up(IoResult failure) { failure_ = std::move(failure); }

  const int fd_;
  std::optional<Readiness> readiness_;  ///< until the descriptor is closed
  std::optional<IoResult> failure_;     ///< once and for all
  std::string remark_;
  bool connected_ = false;
};

}  // namespace

std::string bind_trouble(const BindAddress& from) {
  if (from.address.is_unspecified()) return {};
  const int fd = tcp_socket(from.address);
  if (fd < 0) return {};  // out of descriptors, or without that protocol: that says nothing about the address
  std::string trouble = bind_to(fd, from);
  close(fd);
  return trouble;
}

std::unique_ptr<Stream> TcpStreamFactory::connect(const Endpoint& to) {
  return std::make_unique<TcpStream>(to, to.address.is_v4() ? bind_.v4 : bind_.v6);
}

}  // namespace fallbackmx
