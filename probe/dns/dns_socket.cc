#include "probe/dns/dns_socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

namespace fallbackmx {

namespace {

using Outcome = DnsExchange::Outcome;

constexpr std::size_t largest_packet = 65535;
/// Strangers' packets on one socket after which we stop offering them a target.
constexpr int most_foreign_packets = 50;

class Socket {
 public:
  Socket(const NameServer& server, int type)
      : fd_(socket(server.address.is_v6() ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  bool connect_to(const NameServer& server) const {
    if (server.address.is_v4()) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(server.port);
      to.sin_addr.s_addr = htonl(server.address.to_v4().to_uint());
      return ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    }
    sockaddr_in6 to{};
    const auto v6 = server.address.to_v6();
    const auto bytes = v6.to_bytes();
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(server.port);
    to.sin6_scope_id = static_cast<std::uint32_t>(v6.scope_id());
    std::memcpy(&to.sin6_addr, bytes.data(), bytes.size());
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }

 private:
  int fd_;
};

DnsExchange failed(int error) {
  std::string why = std::generic_category().message(error);
  if (!why.empty() && why.front() >= 'A' && why.front() <= 'Z') {
    why.front() = static_cast<char>(why.front() - 'A' + 'a');
  }
  return {Outcome::failed, {}, why};
}

DnsExchange failed(std::string why) { return {Outcome::failed, {}, std::move(why)}; }

DnsExchange silent() { return {Outcome::silent, {}, "no answer"}; }

bool try_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

/// False when patience has ended; true may also be nothing but a look around.
bool wait_for(const Socket& socket, short events, const Patience& patience, const Clock& clock) {
  const SteadyTime now = clock.now();
  if (now >= patience.end()) return false;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience.next_look(now) - now).count();
  pollfd pending{socket.fd(), events, 0};
  poll(&pending, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
  return true;
}

/// Sends or receives all `size` bytes; what came in between, if anything did.
template <class Move>
std::optional<DnsExchange> move_all(const Socket& socket, short events, std::size_t size,
                                    const Patience& patience, const Clock& clock, Move move) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t moved = move(done);
    if (moved > 0) {
      done += static_cast<std::size_t>(moved);
    } else if (moved == 0) {
      return failed("connection closed");
    } else if (!try_again(errno)) {
      return failed(errno);
    } else if (!wait_for(socket, events, patience, clock)) {
      return silent();
    }
  }
  return std::nullopt;
}

/// Nothing when the connection stands.
std::optional<DnsExchange> connect_by(const Socket& socket, const NameServer& server,
                                      const Patience& patience, const Clock& clock) {
  if (socket.connect_to(server)) return std::nullopt;
  if (errno != EINPROGRESS) return failed(errno);
  pollfd connected{socket.fd(), POLLOUT, 0};
  do {
    if (!wait_for(socket, POLLOUT, patience, clock)) return silent();
  } while (poll(&connected, 1, 0) == 0);
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return failed(error);
  return std::nullopt;
}

}  // namespace

DnsExchange ask_over_udp(const NameServer& server, const DnsQuestion& question, const Patience& patience,
                         const Clock& clock) {
  const Socket socket(server, SOCK_DGRAM);
  if (socket.fd() < 0 || !socket.connect_to(server)) return failed(errno);
  const std::string query = build_query(question);
  if (send(socket.fd(), query.data(), query.size(), MSG_NOSIGNAL) < 0) return failed(errno);

  std::string packet(largest_packet, '\0');
  int foreign = 0;
  while (wait_for(socket, POLLIN, patience, clock)) {
    const ssize_t size = recv(socket.fd(), packet.data(), packet.size(), 0);
    if (size < 0 && try_again(errno)) continue;
    if (size < 0) return failed(errno);
    DnsReply reply = parse_reply(question, {packet.data(), static_cast<std::size_t>(size)});
    if (reply.kind != DnsReply::Kind::foreign) return {Outcome::replied, std::move(reply), {}};
    if (++foreign == most_foreign_packets) return {Outcome::flooded, {}, "packets that are no answers"};
  }
  if (foreign == 0) return silent();
  return {Outcome::silent, {}, "no answer but " + std::to_string(foreign) + " packets that are none"};
}

DnsExchange ask_over_tcp(const NameServer& server, const DnsQuestion& question, const Patience& patience,
                         const Clock& clock) {
  const Socket socket(server, SOCK_STREAM);
  if (socket.fd() < 0) return failed(errno);
  if (auto trouble = connect_by(socket, server, patience, clock)) return *std::move(trouble);
  const auto receive = [&](std::string& into) {
    return move_all(socket, POLLIN, into.size(), patience, clock, [&](std::size_t done) {
      return recv(socket.fd(), into.data() + done, into.size() - done, 0);
    });
  };

  const std::string query = build_query(question);
  const std::string prefix{static_cast<char>(query.size() >> 8), static_cast<char>(query.size() & 0xff)};
  const std::string message = prefix + query;
  const auto sent = move_all(socket, POLLOUT, message.size(), patience, clock, [&](std::size_t done) {
    return send(socket.fd(), message.data() + done, message.size() - done, MSG_NOSIGNAL);
  });
  if (sent) return *sent;

  std::string length(2, '\0');
  if (auto trouble = receive(length)) return *std::move(trouble);
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(length[i]); };
  std::string packet(octet(0) * 256u + octet(1), '\0');
  if (auto trouble = receive(packet)) return *std::move(trouble);
  DnsReply reply = parse_reply(question, packet);
  if (reply.kind == DnsReply::Kind::foreign) return failed("not a reply to the question");
  return {Outcome::replied, std::move(reply), {}};
}

}  // namespace fallbackmx
