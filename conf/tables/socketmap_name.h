// `socketmap:inet:host:port:name` and `socketmap:unix:/path:name` (socketmap_table(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// Where a socketmap server is, and which of its maps is meant. A value.
struct SocketmapName {
  std::string path{};     ///< of a UNIX-domain socket; empty: address and port
  std::string address{};  ///< an address, without brackets
  std::uint16_t port = 0;
  std::string map{};
  std::string text{};  ///< as it was written, with socketmap:

  /// The host is an address or `localhost`: names of hosts are not looked up. The error names the text.
  static Result<SocketmapName> parse(std::string_view text);
  friend bool operator==(const SocketmapName&, const SocketmapName&) = default;
};

}  // namespace fallbackmx
