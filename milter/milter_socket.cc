#include "milter/milter_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "conf/brackets.h"

namespace fallbackmx {

namespace {

constexpr std::string_view postfix_queue = "/var/spool/postfix/";

std::optional<std::uint16_t> port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 65535)
    return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::string_view usual_path() {
  constexpr std::string_view for_chroot = "/var/spool/postfix/fallbackmx/milter.sock";
  std::error_code ignored;
  const bool made = std::filesystem::is_directory(std::filesystem::path(for_chroot).parent_path(), ignored);
  return made ? for_chroot : "/run/fallbackmx/milter.sock";
}

Result<MilterSocket> parse_path(std::string_view path) {
  if (!path.starts_with('/')) return Error{"the path of a unix-domain socket must begin with /"};
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{"the path is longer than the " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                 " bytes that a unix-domain socket can have"};
  }
  MilterSocket socket;
  socket.path = path;
  return socket;
}

Result<MilterSocket> parse_descriptor(std::string_view text) {
  MilterSocket socket;
  socket.kind = MilterSocket::Kind::descriptor;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), socket.descriptor);
  if (error != std::errc() || end != text.data() + text.size() || socket.descriptor < 0) {
    return Error{"the descriptor behind fd: must be a number"};
  }
  return socket;
}

/// `port@host` as Sendmail has it, `host:port` as Postfix has it, or a port alone.
Result<MilterSocket> parse_inet(MilterSocket::Kind kind, std::string_view text) {
  std::string_view host, port = text;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    port = text.substr(0, at);
    host = text.substr(at + 1);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto number = port_number(port);
  if (!number) return Error{"the port must be a number from 1 to 65535"};
  const bool bracketed = host.starts_with('[');
  host = without_square_brackets(host);
  if (host.find(':') != std::string_view::npos) {
    if (!bracketed && text.find('@') == std::string_view::npos)
      return Error{"an IPv6 address must stand in brackets"};
    kind = MilterSocket::Kind::inet6;
  }
  MilterSocket socket;
  socket.kind = kind;
  socket.host = host;
  socket.port = *number;
  return socket;
}

Result<SocketAddress> address_of_path(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  SocketAddress address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

/// Nothing can be connected to the unspecified address everywhere; loopback reaches a socket that listens
/// there.
SocketAddress to_loopback(SocketAddress address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (address.family() == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (address.family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
    v6->sin6_addr = in6addr_loopback;
  return address;
}

Result<SocketAddress> address_of_descriptor(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return Error{"fd:" + std::to_string(descriptor) + " is not an open socket: " + std::strerror(errno)};
  }
  return to_loopback(address);
}

Result<SocketAddress> address_of_host(const MilterSocket& socket) {
  addrinfo hints{};
  hints.ai_family = socket.kind == MilterSocket::Kind::inet6 ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;  // without AI_PASSIVE and host: loopback
  const bool any = socket.host.empty() || socket.host == "0.0.0.0" || socket.host == "::";
  addrinfo* list = nullptr;
  const int error =
      getaddrinfo(any ? nullptr : socket.host.c_str(), std::to_string(socket.port).c_str(), &hints, &list);
  if (error != 0)
    return Error{"milter_socket: no address for host " + socket.host + ": " + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  SocketAddress address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

}  // namespace

Result<MilterSocket> MilterSocket::parse(std::string_view text) {
  if (text.empty()) return parse_path(usual_path());
  const auto colon = text.find(':');
  const std::string_view scheme = text.starts_with('/') ? "unix" : text.substr(0, colon);
  const std::string_view rest =
      text.starts_with('/') ? text : text.substr(colon == text.npos ? text.size() : colon + 1);
  Result<MilterSocket> socket = scheme == "unix" || scheme == "local" ? parse_path(rest)
                                : scheme == "inet"                    ? parse_inet(Kind::inet, rest)
                                : scheme == "inet6"                   ? parse_inet(Kind::inet6, rest)
                                : scheme == "fd"
                                    ? parse_descriptor(rest)
                                    : Error{"a socket is unix:/path, inet:host:port, inet:port@host or fd:N"};
  if (socket) return socket;
  return Error{"\"" + std::string(text) + "\": " + socket.error()};
}

std::string MilterSocket::for_libmilter() const {
  switch (kind) {
    case Kind::path:
      return "unix:" + path;
    case Kind::descriptor:
      return "fd:" + std::to_string(descriptor);
    case Kind::inet:
    case Kind::inet6:
      break;
  }
  const std::string name = kind == Kind::inet6 ? "inet6:" : "inet:";
  if (host.empty()) return name + std::to_string(port);
  return name + std::to_string(port) + '@' + (host.find(':') == std::string::npos ? host : '[' + host + ']');
}

std::string MilterSocket::for_postfix() const {
  if (kind == Kind::path) return "unix:" + (outside_chroot() ? path : path.substr(postfix_queue.size()));
  if (kind == Kind::inet6)
    return "inet:[" + (host.empty() || host == "::" ? "::1" : host) + "]:" + std::to_string(port);
  return "inet:" + (host.empty() || host == "0.0.0.0" ? "127.0.0.1" : host) + ":" + std::to_string(port);
}

bool MilterSocket::outside_chroot() const { return kind == Kind::path && !path.starts_with(postfix_queue); }

Result<SocketAddress> MilterSocket::own_address() const {
  switch (kind) {
    case Kind::path:
      return address_of_path(path);
    case Kind::descriptor:
      return address_of_descriptor(descriptor);
    case Kind::inet:
    case Kind::inet6:
      break;
  }
  return address_of_host(*this);
}

MilterSocket MilterSocket::spelled_out() const {
  if (kind != Kind::descriptor) return *this;
  const auto address = address_of_descriptor(descriptor);
  if (!address) return *this;
  MilterSocket socket;
  if (address->family() == AF_UNIX) {
    socket.path = reinterpret_cast<const sockaddr_un*>(address->get())->sun_path;
    return socket;
  }
  char host_text[NI_MAXHOST] = "", port_text[NI_MAXSERV] = "0";
  getnameinfo(address->get(), address->size, host_text, sizeof host_text, port_text, sizeof port_text,
              NI_NUMERICHOST | NI_NUMERICSERV);
  socket.kind = address->family() == AF_INET6 ? Kind::inet6 : Kind::inet;
  socket.host = host_text;
  socket.port = port_number(port_text).value_or(0);
  return socket;
}

bool somebody_listens(const SocketAddress& address) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  // EAGAIN: his queue is full.
  const bool connected = connect(descriptor, address.get(), address.size) == 0 || errno == EAGAIN;
  const int why = errno;
  close(descriptor);
  errno = why;
  return connected;
}

std::string main_cf_line(const MilterSocket& socket) {
  return "smtpd_milters = { " + socket.spelled_out().for_postfix() +
         ", default_action=tempfail, connect_timeout=5s, command_timeout=30s }";
}

}  // namespace fallbackmx
