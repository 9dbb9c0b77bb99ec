// The forms that names of hosts take in HELO and addresses (valid_hostname.c, valid_mailhost_addr.c).
#pragma once

#include <string_view>

namespace fallbackmx {

/// Without one dot at the end. Two are left: such a name is none.
std::string_view without_last_dot(std::string_view name);

/// A host name with a dot in it. In UTF-8 only if `smtputf8`.
bool is_fqdn(std::string_view name, bool smtputf8);

/// An IPv4 or IPv6 address without brackets.
bool valid_address(std::string_view text);

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
bool valid_literal(std::string_view text);

}  // namespace fallbackmx
