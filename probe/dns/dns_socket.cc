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
      : fd_(socket(server.address.is_v6() ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
        readiness_(std::in_place, fd_) {}
  ~Socket() {
    readiness_.reset();
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  Readiness& readiness() { return *readiness_; }

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
  const int fd_;
  std::optional<Readiness> readiness_;  ///< until the descriptor is closed
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

/// False when patience has ended. Patience may have grown meanwhile.
Task<bool> wait_for(Socket& socket, bool want_write, DnsPatience patience, WaitPoint& place) {
  const Watch watch{&socket.readiness(), want_write};
  for (SteadyTime end = patience.end();; end = patience.end()) {
    if (co_await place.until(end, {&watch, 1})) co_return place.loop().clock().now() < patience.end();
    if (patience.end() <= end) co_return false;
  }
}

/// Sends or receives all `size` bytes; what came in between, if anything did.
template <class Move>
Task<std::optional<DnsExchange>> move_all(Socket& socket, bool sends, std::size_t size, DnsPatience patience,
                                          WaitPoint& place, Move move) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t moved = move(done);
    if (moved > 0)
      done += static_cast<std::size_t>(moved);
    else if (moved == 0)
      co_return failed("connection closed");
    else if (!try_again(errno))
      co_return failed(errno);
    else if (!co_await wait_for(socket, sends, patience, place))
      co_return silent();
  }
  co_return std::nullopt;
}

/// Nothing when the connection stands.
Task<std::optional<DnsExchange>> connect_by(Socket& socket, const NameServer& server, DnsPatience patience,
                                            WaitPoint& place) {
  if (socket.connect_to(server)) co_return std::nullopt;
  if (errno != EINPROGRESS) co_return failed(errno);
  pollfd connected{socket.fd(), POLLOUT, 0};
  while (poll(&connected, 1, 0) == 0) {
    if (!co_await wait_for(socket, true, patience, place)) co_return silent();
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return failed(error);
  co_return std::nullopt;
}

Task<std::optional<DnsExchange>> receive(Socket& socket, std::string& into, DnsPatience patience,
                                         WaitPoint& place) {
  const auto move = [&](std::size_t done) {
    return recv(socket.fd(), into.data() + done, into.size() - done, 0);
  };
  co_return co_await move_all(socket, false, into.size(), patience, place, move);
}

Task<std::optional<DnsExchange>> send_all(Socket& socket, const std::string& message, DnsPatience patience,
                                          WaitPoint& place) {
  const auto move = [&](std::size_t done) {
    return send(socket.fd(), message.data() + done, message.size() - done, MSG_NOSIGNAL);
  };
  co_return co_await move_all(socket, true, message.size(), patience, place, move);
}

/// RFC 1035 section 4.2.2: two octets of length go before a message.
std::string with_length(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)} +
         message;
}

std::size_t length_in(const std::string& two_octets) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(two_octets[i]); };
  return octet(0) * 256u + octet(1);
}

DnsExchange replied(DnsReply reply) {
  DnsExchange exchange;
  exchange.outcome = Outcome::replied;
  exchange.reply = std::move(reply);
  return exchange;
}

DnsExchange flooded() { return {Outcome::flooded, {}, "packets that are no answers"}; }

DnsExchange only_foreign(int packets) {
  return {Outcome::silent, {}, "no answer but " + std::to_string(packets) + " packets that are none"};
}

}  // namespace

Task<DnsExchange> ask_over_udp(const NameServer& server, const DnsQuestion& question, DnsPatience patience,
                               WaitPoint& place) {
  Socket socket(server, SOCK_DGRAM);
  if (socket.fd() < 0 || !socket.connect_to(server)) co_return failed(errno);
  const std::string query = build_query(question);
  if (send(socket.fd(), query.data(), query.size(), MSG_NOSIGNAL) < 0) co_return failed(errno);

  std::string packet(largest_packet, '\0');
  for (int foreign = 0;;) {
    const ssize_t size = recv(socket.fd(), packet.data(), packet.size(), 0);
    if (size < 0 && !try_again(errno)) co_return failed(errno);
    if (size < 0) {
      if (co_await wait_for(socket, false, patience, place)) continue;
      co_return foreign == 0 ? silent() : only_foreign(foreign);
    }
    DnsReply reply = parse_reply(question, {packet.data(), static_cast<std::size_t>(size)});
    if (reply.kind != DnsReply::Kind::foreign) co_return replied(std::move(reply));
    if (++foreign == most_foreign_packets) co_return flooded();
  }
}

Task<DnsExchange> ask_over_tcp(const NameServer& server, const DnsQuestion& question, DnsPatience patience,
                               WaitPoint& place) {
  Socket socket(server, SOCK_STREAM);
  if (socket.fd() < 0) co_return failed(errno);
  if (auto trouble = co_await connect_by(socket, server, patience, place)) co_return *std::move(trouble);
  const std::string message = with_length(build_query(question));
  if (auto trouble = co_await send_all(socket, message, patience, place)) co_return *std::move(trouble);
  std::string length(2, '\0');
  if (auto trouble = co_await receive(socket, length, patience, place)) co_return *std::move(trouble);
  std::string packet(length_in(length), '\0');
  if (auto trouble = co_await receive(socket, packet, patience, place)) co_return *std::move(trouble);
  DnsReply reply = parse_reply(question, packet);
  if (reply.kind == DnsReply::Kind::foreign) co_return failed("not a reply to the question");
  co_return replied(std::move(reply));
}

}  // namespace fallbackmx
