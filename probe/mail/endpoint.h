// One address of one host of a route, or a socket of this machine: what a probe can connect to.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>

namespace fallbackmx {

using IpAddress = boost::asio::ip::address;

/// What is spoken there: LMTP (RFC 2033) is SMTP with LHLO in place of EHLO.
enum class Protocol { smtp, lmtp };

/// A value.
struct Endpoint {
  std::string host;  ///< as found in DNS, lower case, no trailing dot; the literal's text for a literal
  IpAddress address;
  std::uint16_t port = 25;
  int preference = 0;          ///< of the MX record; 0 for a fixed next hop
  bool authenticated = false;  ///< every DNS answer that led here carried a trusted AD bit (RFC 7672)
  std::string next_hop{};      ///< NextHop::text() of the next hop that led here: what TLS policies are for
  Protocol protocol = Protocol::smtp;
  std::string unix_path{};  ///< a unix-domain socket, in place of address and port
  /// Where `host`, or the domain of the next hop, is an alias: the name at the end of its CNAME chain.
  std::string canonical{}, next_hop_canonical{};
  bool host_authentic = false;  ///< of those answers, all that gave the name of the host
  bool stale = false;  ///< some of them are past their time, and the address may be somebody else's by now

  /// `mx1.example.org[192.0.2.1]:25`, as Postfix writes it; `unix:/path`.
  std::string text() const;
  /// `192.0.2.1:25`, `[2001:db8::1]:25`, `unix:/path`: what health is kept for.
  std::string key() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace fallbackmx
