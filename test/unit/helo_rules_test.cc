#include "milter/rules/helo_rules.h"

#include "test/unit/rcpt_scene.h"

namespace fallbackmx {
namespace {

const std::string helo_name = "sender: reject_unknown_helo_hostname";

TEST(HeloRules, HeloNamesHaveAForm) {
  const std::string invalid = "helo: reject_invalid_helo_hostname",
                    non_fqdn = "helo: reject_non_fqdn_helo_hostname";
  constexpr auto literal = "501 5.5.2 <[192.0.2]>: Helo command rejected: invalid ip address";
  play_rcpts({
      {"a name", invalid, "", "continue"},
      {"a short name", invalid, "helo=mail", "continue"},
      {"a dot at the end", invalid, "helo=mail.example.net.", "continue"},
      {"two dots", invalid, "helo=mail.example.net..",
       "501 5.5.2 <mail.example.net..>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"a bad name", invalid, "helo=-mail.example.net",
       "501 5.5.2 <-mail.example.net>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"an address", invalid, "helo=192.0.2.1", "continue"},
      {"an IPv6 address", invalid, "helo=2001:db8::1", "continue"},
      {"a literal", invalid, "helo=[192.0.2.1]", "continue"},
      {"a bad literal", invalid, "helo=[192.0.2]", std::string(literal) + " / reject_invalid_helo_hostname"},
      {"UTF-8, even under SMTPUTF8", invalid, "helo=\xc3\xa9.example smtputf8",
       "501 5.5.2 <??.example>: Helo command rejected: Invalid name / reject_invalid_helo_hostname"},
      {"none", invalid, "no-helo", "continue"},
      {"none given", "sender: reject_invalid_helo_hostname", "helo=", "continue"},
      {"a full name", non_fqdn, "", "continue"},
      {"a full name and a dot", non_fqdn, "helo=mail.example.net.", "continue"},
      {"a short one", non_fqdn, "helo=mail",
       "504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"an address is no name", non_fqdn, "helo=192.0.2.1",
       "504 5.5.2 <192.0.2.1>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"a literal will do", non_fqdn, "helo=[IPv6:2001:db8::1]", "continue"},
      {"a bad one not", non_fqdn, "helo=[192.0.2]",
       std::string(literal) + " / reject_non_fqdn_helo_hostname"},
      {"UTF-8", non_fqdn, "helo=\xc3\xa9.example",
       "504 5.5.2 <??.example>: Helo command rejected: need fully-qualified hostname / "
       "reject_non_fqdn_helo_hostname"},
      {"UTF-8 under SMTPUTF8", non_fqdn, "helo=\xc3\xa9.example smtputf8", "continue"},
  });
}

TEST(HeloRules, UnknownHeloHostname) {
  play_rcpts({
      {"known", helo_name, "", "continue"},
      {"an MX record will do", helo_name, "helo=example.net", "continue"},
      {"a null MX will do", helo_name, "helo=h.example.net dns:h.example.net=0--", "continue"},
      {"not there", helo_name, "helo=nowhere.example",
       "450 4.7.1 <nowhere.example>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"not there, for good", helo_name, "helo=nowhere.example hostname-code=550",
       "550 5.7.1 <nowhere.example>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"no answer is never for good", helo_name, "helo=h.example.net dns:h.example.net=-t- hostname-code=550",
       "450 4.7.1 <h.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"no answer about addresses outranks a null MX", helo_name, "helo=h.example.net dns:h.example.net=0t-",
       "450 4.7.1 <h.example.net>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"malformed", helo_name, "helo=h.example.net dns:h.example.net=-!-",
       "450 4.7.1 <h.example.net>: Helo command rejected: Malformed DNS server reply / "
       "reject_unknown_helo_hostname"},
      {"a trailing dot is not found", helo_name, "helo=mail.example.net.",
       "450 4.7.1 <mail.example.net.>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"a bare address is not found", helo_name, "helo=192.0.2.1",
       "450 4.7.1 <192.0.2.1>: Helo command rejected: Host not found / reject_unknown_helo_hostname"},
      {"a literal is not looked up", helo_name, "helo=[192.0.2.1]", "continue"},
      {"an IPv6 literal neither", helo_name, "helo=[IPv6:2001:db8::1]", "continue"},
      {"a broken literal", helo_name, "helo=[192.0.2.1",
       "501 5.5.2 <[192.0.2.1>: Helo command rejected: invalid ip address / reject_unknown_helo_hostname"},
      {"none given", helo_name, "no-helo", "continue"},
      {"an empty one", helo_name, "helo=", "continue"},
  });
}

}  // namespace
}  // namespace fallbackmx
