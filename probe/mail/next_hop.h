// Where mail goes next, in the words of the MTA (Postfix smtp(8) and lmtp(8) next-hop syntax;
// Sendmail's {rcpt_host}).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// A value: `example.org` (MX lookup), `[mx.example.org]:25` (no MX lookup), `[192.0.2.1]`,
/// `[IPv6:2001:db8::1]`,
/// `[2001:db8::1]:2525`, `example.org:2525`. Sendmail's trailing dot is dropped.
struct NextHop {
  std::string host;         ///< lower-case A-labels, or an address without brackets; empty with a unix_path
  std::uint16_t port = 25;  ///< 0: LMTP without a port, which is lmtp_tcp_port
  bool mx_lookup = true;    ///< never by LMTP
  Protocol protocol = Protocol::smtp;
  std::string unix_path{};  ///< LMTP only: the whole path of a unix-domain socket

  /// As Postfix writes it: brackets when there is no MX lookup, the port when it is not 25.
  /// LMTP: `lmtp:inet:host`, `lmtp:inet:[2001:db8::1]:2424`, `lmtp:unix:/path`.
  std::string text() const;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// One or several next hops, separated by commas or white space, in order. With `lmtp:` in front, all of them
/// are those of Postfix's lmtp(8): `inet:host:port`, `host:port`, `unix:/path`; a path without a slash in
/// front lies below Postfix's default queue_directory. `lmtp:` and a number is the host `lmtp` with a port.
Result<std::vector<NextHop>> parse_next_hops(std::string_view text);

/// What parse_next_hops() takes for an LMTP next hop.
bool is_lmtp_next_hop(std::string_view text);

}  // namespace fallbackmx
