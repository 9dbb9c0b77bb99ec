#include "probe/stream.h"

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

class TcpStream final : public Stream {
 public:
  TcpStream(const Endpoint& to, const BindAddresses& bind_to) {
    const bool local = !to.unix_path.empty();
    const int family = local ? AF_UNIX : to.address.is_v4() ? AF_INET : AF_INET6;
    fd_ = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      error_ = errno;
      return;
    }
    if (local) {
      // Stands or fails at once; with EAGAIN where too many wait to be accepted.
      if (connect(fd_, SocketAddress(to.unix_path).get(), sizeof(sockaddr_un)) != 0) error_ = errno;
      connected_ = error_ == 0;
      return;
    }
    const int on = 1;
    // A probe is a handful of small packets: none of them may wait for the acknowledgement of the one before.
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const IpAddress& from = to.address.is_v4() ? bind_to.v4 : bind_to.v6;
    if (!from.is_unspecified()) {
      const SocketAddress own(from, 0);
      if (bind(fd_, own.get(), own.size) != 0) {
        error_ = errno;
        return;
      }
    }
    const SocketAddress peer(to.address, to.port);
    if (connect(fd_, peer.get(), peer.size) == 0) {
      stand();
    } else if (errno != EINPROGRESS) {
      error_ = errno;
    }
  }
  ~TcpStream() override {
    if (fd_ >= 0) close(fd_);
  }
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  IoResult connected() override {
    if (error_ != 0) return failed(error_);
    if (connected_) return {};
    pollfd writable{fd_, POLLOUT, 0};
    if (poll(&writable, 1, 0) <= 0) return would_block();
    socklen_t size = sizeof error_;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &size) != 0) error_ = errno;
    if (error_ != 0) return failed(error_);
    stand();
    return {};
  }

  IoResult read(std::span<char> into) override {
    if (error_ != 0) return failed(error_);
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
    if (error_ != 0) return failed(error_);
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) return {.bytes = static_cast<std::size_t>(sent)};
    return trouble();
  }

  /// What poll(2) should look at; nothing for a stream that never came to be, which is "ready" to say so.
  pollfd watched(bool want_write) const {
    const bool write_too = want_write || !connected_;
    return {fd_, static_cast<short>(POLLIN | (write_too ? POLLOUT : 0)), 0};
  }
  bool dead() const { return error_ != 0; }

 private:
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
    const IoResult result = failed(errno);
    if (result.lost) error_ = errno;  // the kernel says it once, and then "connection closed"
    return result;
  }

  int fd_ = -1;
  int error_ = 0;
  bool connected_ = false;
};

}  // namespace

std::unique_ptr<Stream> TcpStreamFactory::connect(const Endpoint& to) {
  return std::make_unique<TcpStream>(to, bind_);
}

bool TcpStreamFactory::wait(std::span<const Watch> watches, Sleeper& sleeper, SteadyTime deadline) {
  std::vector<pollfd> polled;
  polled.reserve(watches.size() + 1);
  polled.push_back({sleeper.fd(), POLLIN, 0});
  for (const Watch& watch : watches) {
    const auto& stream = static_cast<const TcpStream&>(*watch.stream);
    if (stream.dead()) return true;
    polled.push_back(stream.watched(watch.want_write));
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  const auto patience = std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max());
  const int ready = poll(polled.data(), polled.size(), static_cast<int>(patience));
  if (ready > 0 && polled.front().revents != 0) sleeper.sleep_until(SteadyTime::min());  // uses the wake up
  return ready != 0;
}

}  // namespace fallbackmx
