#include "test/soak/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace fallbackmx::soak {
namespace {

constexpr std::size_t most_in_a_line = 100'000;

[[noreturn]] void trouble(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in name_of(const std::string& address, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &name.sin_addr);
  return name;
}

int wait_for(int fd, short events, milliseconds patience) {
  pollfd one{fd, events, 0};
  return poll(&one, 1, static_cast<int>(patience.count()));
}

}  // namespace

std::string in_seconds(Clock::duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(duration).count());
  return text;
}

void enter_network(const std::string& name) {
  const Socket file(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 || setns(file.get(), CLONE_NEWNET) != 0) trouble("network " + name);
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

void Socket::reset_at_end() {
  const linger none{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

Socket bound_socket(int type, const std::string& address, std::uint16_t port) {
  Socket socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in name = name_of(address, port);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    trouble("bind " + address);
  if (type == SOCK_STREAM && listen(socket.get(), 200) != 0) trouble("listen " + address);
  return socket;
}

std::optional<Socket> connected_socket(int type, const std::string& address, std::uint16_t port,
                                       milliseconds patience) {
  Socket socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in name = name_of(address, port);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    if (errno != EINPROGRESS || wait_for(socket.get(), POLLOUT, patience) != 1) return std::nullopt;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return std::nullopt;
  }
  fcntl(socket.get(), F_SETFL, 0);
  return socket;
}

bool readable(const Socket& socket, milliseconds patience) {
  return wait_for(socket.get(), POLLIN, patience) == 1;
}

Lines::Got Lines::read(std::string& line, milliseconds patience) {
  const Time end = Clock::now() + patience;
  for (;;) {
    const auto at = buffer_.find('\n');
    if (at != std::string::npos) {
      line = buffer_.substr(0, at);
      buffer_.erase(0, at + 1);
      if (line.ends_with('\r')) line.pop_back();
      return Got::line;
    }
    if (buffer_.size() > most_in_a_line) return Got::end;
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (left.count() < 0 || !readable(socket_, left)) return Got::nothing;
    char bytes[4096];
    const auto got = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return Got::end;
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
}

void Lines::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace fallbackmx::soak
