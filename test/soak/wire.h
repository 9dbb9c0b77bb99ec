// Sockets in the bed's network namespaces. One process is everywhere: each of its threads enters the network
// where it belongs, and a socket stays in the network where it was made.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fallbackmx::soak {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using std::chrono::milliseconds;

/// Seconds with three digits, for people.
std::string in_seconds(Clock::duration);

/// The calling thread, and those it starts, are in this network from now on (a name of `ip netns`). Throws
/// std::system_error when it is not there or we may not.
void enter_network(const std::string& name);

/// A socket that is closed at the end. Owned by one thread.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return fd_; }
  /// Its end is a reset.
  void reset_at_end();

 private:
  int fd_;
};

/// Throws std::system_error. `type` is SOCK_STREAM or SOCK_DGRAM; a stream listens.
Socket bound_socket(int type, const std::string& address, std::uint16_t port);
/// No socket when nobody accepts within the patience.
std::optional<Socket> connected_socket(int type, const std::string& address, std::uint16_t port,
                                       milliseconds patience);
/// Whether there is something to read (or the end, or an error) within the patience.
bool readable(const Socket&, milliseconds patience);

/// Lines over a connection. Owned by one thread.
class Lines {
 public:
  enum class Got { line, nothing, end };
  explicit Lines(Socket socket) : socket_(std::move(socket)) {}

  /// The next line, without its end. `nothing`: not within the patience; what has come so far is kept.
  Got read(std::string& line, milliseconds patience);
  /// All of it or nothing more: a peer that is gone shows at the next read.
  void write(std::string_view bytes);
  /// True if there is more to read without waiting: replies may be sent together.
  bool more() const { return buffer_.find('\n') != std::string::npos; }
  void reset_at_end() { socket_.reset_at_end(); }

 private:
  Socket socket_;
  std::string buffer_{};
};

}  // namespace fallbackmx::soak
