// Where mail goes next, in the words of the MTA (Postfix smtp(8) next-hop syntax; Sendmail's {rcpt_host}).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/result.h"

namespace fallbackmx {

/// A value: `example.org` (MX lookup), `[mx.example.org]:25` (no MX lookup), `[192.0.2.1]`,
/// `[IPv6:2001:db8::1]`,
/// `[2001:db8::1]:2525`, `example.org:2525`. Sendmail's trailing dot is dropped.
struct NextHop {
  std::string host;  ///< lower-case A-labels, or an address without brackets
  std::uint16_t port = 25;
  bool mx_lookup = true;

  /// As Postfix writes it: brackets when there is no MX lookup, the port when it is not 25.
  std::string text() const;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// One or several next hops, separated by commas or white space, in order.
Result<std::vector<NextHop>> parse_next_hops(std::string_view text);

}  // namespace fallbackmx
