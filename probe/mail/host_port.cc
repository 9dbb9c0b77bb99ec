#include "probe/mail/host_port.h"

#include <algorithm>

#include "probe/base/brackets.h"
#include "probe/base/number.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code trouble;
  const auto address = ip::make_address(std::string(text), trouble);
  return trouble ? std::nullopt : std::optional(address);
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port && *port != 0 ? port : std::nullopt;
}

Result<HostPort> split_host_port(std::string_view text) {
  HostPort parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return Error{"a closing bracket is missing"};
    parts.host = text.substr(1, end - 1);
    parts.bracketed = true;
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return Error{"after the bracket only :port can follow"};
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    parts.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos)
      return Error{"neither host nor host:port; an IPv6 address needs brackets"};
  }
  if (!rest.empty()) parts.port = rest.substr(1);
  return parts;
}

std::string AddressPort::text() const {
  const std::string bare = address.to_string();
  return (address.is_v6() ? '[' + bare + ']' : bare) + ':' + std::to_string(port);
}

Result<AddressPort> parse_address_port(std::string_view text, std::optional<std::uint16_t> usual) {
  const auto malformed = [&](std::string_view why) {
    return Error{in_quotes(text) + ": " + std::string(why)};
  };
  if (usual) {
    if (const auto bare = parse_address(without_square_brackets(text))) return AddressPort{*bare, *usual};
  }
  const auto parts = split_host_port(text);
  if (!parts) return malformed(parts.error());
  const auto address = parse_address(parts->host);
  if (!address) return malformed("not an address");
  if (!parts->port) return malformed("there is no port");
  const auto port = parse_port(*parts->port);
  if (!port) return malformed("a port is a number from 1 to 65535");
  return AddressPort{*address, *port};
}

}  // namespace fallbackmx
