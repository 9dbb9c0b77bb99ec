// How the addresses of primaries are looked up: inet_protocols, smtp_host_lookup and smtp_dns_support_level
// together.
#pragma once

#include <string>
#include <vector>

#include "conf/checks.h"
#include "conf/parameters.h"

namespace fallbackmx {

/// As Postfix's SMTP client has it (postconf(5), smtp.c). A value. It is about primaries only: the
/// restrictions on senders, recipients and HELO names ask the DNS for both kinds of addresses whatever is set
/// here, as Postfix's smtpd.
struct HostLookup {
  bool ipv4 = true, ipv6 = true;  ///< which addresses are looked up and connected to
  bool mx = true;                 ///< MX records are looked up, for a next hop without brackets
  bool dns = true;                ///< addresses are looked up in the DNS
  bool native = false;            ///< and as the C library does it: after the DNS, if both
};
HostLookup host_lookup(const Settings&);

/// What is wrong with the values, each or together.
std::vector<Objection> check_host_lookup(const Settings&);

}  // namespace fallbackmx
