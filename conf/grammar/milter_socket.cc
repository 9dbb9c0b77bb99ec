#include "conf/grammar/milter_socket.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <filesystem>

#include "probe/base/brackets.h"
#include "probe/base/number.h"
#include "probe/base/text_file.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

namespace {

constexpr std::string_view postfix_queue = "/var/spool/postfix/";

std::string_view usual_path() {
  constexpr std::string_view for_chroot = "/var/spool/postfix/fallbackmx/milter.sock";
  std::error_code ignored;
  const bool made = std::filesystem::is_directory(std::filesystem::path(for_chroot).parent_path(), ignored);
  return made ? for_chroot : "/run/fallbackmx/milter.sock";
}

Result<MilterSocket> parse_path(std::string_view path) {
  if (auto error = socket_path_error(path)) return *std::move(error);
  MilterSocket socket;
  socket.path = path;
  return socket;
}

Result<MilterSocket> parse_descriptor(std::string_view text) {
  const auto descriptor = parse_number<int>(text);
  if (!descriptor || *descriptor < 0) return Error{"the descriptor behind fd: must be a number"};
  MilterSocket socket;
  socket.kind = MilterSocket::Kind::descriptor;
  socket.descriptor = *descriptor;
  return socket;
}

/// `host:port` as Postfix has it, or a port alone.
Result<HostPort> split_inet(std::string_view text) {
  auto parts = split_host_port(text);
  if (parts && !parts->port && !parts->bracketed) return HostPort{.host = {}, .port = text};
  if (parts && parts->host.empty()) return Error{"there is no host before the colon"};
  return parts;
}

/// `port@host` as Sendmail has it; IPv6 addresses may stand there without brackets.
Result<HostPort> split_sendmails_inet(std::string_view text, std::size_t at) {
  const auto host = without_square_brackets(text.substr(at + 1));
  if (host.empty()) return Error{"there is no host behind the @"};
  return HostPort{.host = host, .port = text.substr(0, at)};
}

Result<MilterSocket> parse_inet(MilterSocket::Kind kind, std::string_view text) {
  const auto at = text.find('@');
  const auto parts = at == std::string_view::npos ? split_inet(text) : split_sendmails_inet(text, at);
  if (!parts) return Error{parts.error()};
  const auto port = parse_port(parts->port.value_or(""));
  if (!port) return Error{"the port must be a number from 1 to 65535"};
  MilterSocket socket;
  socket.kind = parts->host.find(':') == std::string_view::npos ? kind : MilterSocket::Kind::inet6;
  socket.host = parts->host;
  socket.port = *port;
  return socket;
}

}  // namespace

std::optional<Error> socket_path_error(std::string_view path) {
  if (!path.starts_with('/')) return Error{"the path of a unix-domain socket must begin with /"};
  if (path.size() < sizeof(sockaddr_un::sun_path)) return std::nullopt;
  return Error{fmt::format("the path is longer than the {} bytes that a unix-domain socket can have",
                           sizeof(sockaddr_un::sun_path) - 1)};
}

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
  return Error{in_quotes(text) + ": " + socket.error()};
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

std::string MilterSocket::main_cf_line() const {
  return "smtpd_milters = { " + for_postfix() +
         ", default_action=tempfail, connect_timeout=5s, command_timeout=30s }";
}

}  // namespace fallbackmx
