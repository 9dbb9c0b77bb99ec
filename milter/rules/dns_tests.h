// The two DNS tests of smtpd_check.c: can mail be sent to this domain, and does this HELO name exist?
#pragma once

#include <string_view>

#include "milter/rules/questions.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// reject_unknown_mailhost(): MX, then A, then AAAA, until one is there. Stops at a null MX and at malformed
/// names. `temporary` when any question so far had no answer (also before malformed names), and `not_found`
/// when all said no. MX hosts are not looked up. `domain` in lower-case A-labels. `relayed`: as
/// Questions::lookup_relayed() has it.
DnsRank find_mail_domain(Questions&, std::string_view domain, bool relayed = false);

/// reject_unknown_hostname(): A, then AAAA, then MX, until one is there; else the worst that was met.
/// `null_mx` means that the name exists. The name is asked as it was given: with a trailing dot it is not
/// found.
DnsRank find_helo_name(Questions&, std::string_view helo);

}  // namespace fallbackmx
