#include "probe/mail/next_hop.h"

#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

#include "probe/mail/address.h"
#include "probe/mail/host_name.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

namespace {

constexpr std::string_view separators = ", \t\r\n";
constexpr std::string_view lmtp_prefix = "lmtp:";
constexpr std::size_t most_next_hops = 100;

Error malformed(std::string_view item, std::string_view reason) {
  return Error{"next hop \"" + std::string(item) + "\": " + std::string(reason)};
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

/// The names that a mail server's ports have; others need the number.
std::optional<std::uint16_t> port_of(std::string_view text) {
  constexpr std::pair<std::string_view, std::uint16_t> services[] = {
      {"smtp", 25}, {"lmtp", 24}, {"submission", 587}, {"submissions", 465}, {"smtps", 465}};
  for (const auto& [name, port] : services) {
    if (same_letters(text, name)) return port;
  }
  return parse_port(text);
}

bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && same_letters(text.substr(0, word.size()), word);
}

std::optional<std::string> address_text(std::string_view text) {
  constexpr std::string_view tag = "IPv6:";
  const bool tagged = same_letters(text.substr(0, tag.size()), tag);
  if (tagged) text.remove_prefix(tag.size());
  boost::system::error_code trouble;
  const auto address = boost::asio::ip::make_address(std::string(text), trouble);
  if (trouble || (tagged && !address.is_v6())) return std::nullopt;
  return address.to_string();
}

Result<NextHop> parse_one(std::string_view item, std::uint16_t usual_port = 25) {
  const auto parts = split_host_port(item);
  if (!parts) return malformed(item, parts.error());
  NextHop hop;
  hop.port = usual_port;
  if (const auto text = parts->port.value_or(""); !text.empty()) {
    const auto port = port_of(text);
    if (!port) return malformed(item, "\"" + std::string(text) + "\" is not a port");
    hop.port = *port;
  }
  // A bare IPv4 address has no MX records; Postfix finds that out by asking and then takes it for what it is.
  if (auto address = address_text(parts->host)) {
    hop.host = *address;
    hop.mx_lookup = false;
    return hop;
  }
  auto host = ascii_domain(parts->host);
  if (!host) return malformed(item, host.error());
  if (!valid_hostname(*host)) return malformed(item, "not a host name");
  hop.host = *std::move(host);
  hop.mx_lookup = !parts->bracketed;
  return hop;
}

/// The longest path that a sockaddr_un holds, with the NUL at its end.
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
/// Postfix writes such paths relative to its queue_directory; this is the default of that.
constexpr std::string_view queue_directory = "/var/spool/postfix/";

Result<NextHop> parse_lmtp(std::string_view item) {
  if (begins_with(item, "unix:")) {
    const auto path = item.substr(item.find(':') + 1);
    NextHop hop{.port = 0, .mx_lookup = false, .protocol = Protocol::lmtp};
    hop.unix_path = (path.starts_with('/') ? "" : std::string(queue_directory)) + std::string(path);
    if (path.empty()) return malformed(item, "the path of the socket is missing");
    if (hop.unix_path.size() > longest_path)
      return malformed(item, "the path of a socket has at most 107 bytes");
    return hop;
  }
  if (begins_with(item, "inet:")) item.remove_prefix(item.find(':') + 1);
  auto hop = parse_one(item, 0);
  if (!hop) return hop;
  hop->protocol = Protocol::lmtp;
  hop->mx_lookup = false;
  return hop;
}

bool is_name_with_a_dot(std::string_view text) {
  return text.find('.') != std::string_view::npos && !address_text(text) && ascii_domain(text);
}

/// Up to the next separator. Sendmail's lists are joined by colons, which elsewhere come before a port:
/// `[a.example]:[b.example]`, `a.example:b.example`.
std::string_view next_item(std::string_view text) {
  const std::string_view item = text.substr(0, text.find_first_of(separators));
  const auto bracket = item.starts_with('[') ? std::min(item.find(']'), item.size()) : 0;
  const auto colon = item.find(':', bracket);
  if (colon == std::string_view::npos) return item;
  const std::string_view first = item.substr(0, colon), rest = item.substr(colon + 1);
  const bool list = rest.starts_with('[') || ((bracket != 0 || is_name_with_a_dot(first)) &&
                                              is_name_with_a_dot(rest.substr(0, rest.find(':'))));
  return list ? first : item;
}

}  // namespace

std::string NextHop::text() const {
  if (!unix_path.empty()) return "lmtp:unix:" + unix_path;
  if (protocol == Protocol::lmtp) {
    const bool v6 = host.find(':') != std::string::npos;
    return "lmtp:inet:" + (v6 ? "[" + host + "]" : host) + (port == 0 ? "" : ":" + std::to_string(port));
  }
  std::string out = mx_lookup ? host : "[" + host + "]";
  if (port != 25) out += ":" + std::to_string(port);
  return out;
}

bool is_lmtp_next_hop(std::string_view text) {
  return begins_with(text, lmtp_prefix) && !parse_port(text.substr(lmtp_prefix.size()));
}

Result<std::vector<NextHop>> parse_next_hops(std::string_view text) {
  std::vector<NextHop> hops;
  const bool lmtp = is_lmtp_next_hop(text);
  if (lmtp) text.remove_prefix(lmtp_prefix.size());
  for (;;) {
    const std::size_t start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::string_view item = lmtp ? text.substr(0, text.find_first_of(separators)) : next_item(text);
    auto hop = item.empty() ? malformed(text, "begins with a colon")
               : lmtp       ? parse_lmtp(item)
                            : parse_one(item);
    if (!hop) return Error{hop.error()};
    if (hops.size() == most_next_hops) return Error{"more than 100 next hops"};
    hops.push_back(*std::move(hop));
    text.remove_prefix(item.size());
    if (text.starts_with(':')) text.remove_prefix(1);
  }
  if (hops.empty()) return Error{"there is no next hop"};
  return hops;
}

}  // namespace fallbackmx
