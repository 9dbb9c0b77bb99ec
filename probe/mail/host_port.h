// `host:port` and `address:port`, as settings have them: with IPv6 addresses in brackets.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// A decimal number from 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view);

/// Views into the text that was split.
struct HostPort {
  std::string_view host;                 ///< without brackets
  std::optional<std::string_view> port;  ///< what stands behind the colon, if there is one
  bool bracketed = false;
};

/// `host`, `host:port`, `[host]`, `[host]:port`; looks at neither of the parts. An Error says what is wrong,
/// but not with what.
Result<HostPort> split_host_port(std::string_view);

/// A value.
struct AddressPort {
  boost::asio::ip::address address;
  std::uint16_t port = 0;

  /// `192.0.2.1:53`, `[2001:db8::1]:53`
  std::string text() const;
  friend bool operator==(const AddressPort&, const AddressPort&) = default;
};

/// `192.0.2.1:53`, `[2001:db8::1]:53`. Where there is a `usual` port, it may be left out:
/// `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`.
/// Names of hosts are not looked up. The Error names the text.
Result<AddressPort> parse_address_port(std::string_view, std::optional<std::uint16_t> usual = {});

}  // namespace fallbackmx
