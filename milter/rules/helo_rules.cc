#include "milter/rules/helo_rules.h"

#include "milter/rules/dns_tests.h"
#include "milter/rules/host_names.h"
#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

Answer rejected_helo(int code, std::string_view dsn, std::string_view helo, std::string_view reason) {
  return rejected(code, dsn, {helo, helo_command}, reason);
}

bool is_literal(std::string_view helo) { return helo.starts_with('['); }

/// All three restrictions make this test of what begins with a bracket, and no other.
Answer invalid_literal(const Settings& settings, std::string_view helo) {
  if (valid_literal(helo)) return {};
  return rejected_helo(settings.invalid_hostname_reject_code, "5.5.2", helo, "invalid ip address");
}

}  // namespace

Answer invalid_helo_hostname(const Settings& settings, std::string_view helo) {
  if (is_literal(helo)) return invalid_literal(settings, helo);
  const auto name = without_last_dot(helo);
  if (valid_hostname(name) || valid_address(name)) return {};
  return rejected_helo(settings.invalid_hostname_reject_code, "5.5.2", helo, "Invalid name");
}

Answer non_fqdn_helo_hostname(const Settings& settings, std::string_view helo, bool smtputf8) {
  if (is_literal(helo)) return invalid_literal(settings, helo);
  if (is_fqdn(without_last_dot(helo), smtputf8)) return {};
  return rejected_helo(settings.non_fqdn_reject_code, "5.5.2", helo, "need fully-qualified hostname");
}

Answer unknown_helo_hostname(const Settings& settings, std::string_view helo, Questions& questions) {
  if (is_literal(helo)) return invalid_literal(settings, helo);
  switch (find_helo_name(questions, helo)) {
    case DnsRank::ok:
    case DnsRank::null_mx:
      return {};
    case DnsRank::malformed:
      return rejected_helo(settings.unknown_hostname_reject_code, "4.7.1", helo,
                           "Malformed DNS server reply");
    case DnsRank::not_found:
      return rejected_helo(settings.unknown_hostname_reject_code, "4.7.1", helo, "Host not found");
    case DnsRank::temporary:
      return unfinished(settings.unknown_helo_hostname_tempfail_action,
                        rejected_helo(tempfail_code, "4.7.1", helo, "Host not found"));
  }
  return {};
}

}  // namespace fallbackmx
