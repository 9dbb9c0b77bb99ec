#include "milter/rules/dns_tests.h"

#include <algorithm>

#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

DnsRank ask(Questions& questions, std::string_view name, RecordType type, bool relayed = false) {
  return rank(type, relayed ? questions.lookup_relayed(name, type) : questions.lookup(name, type));
}

}  // namespace

DnsRank find_mail_domain(Questions& questions, std::string_view domain, bool relayed) {
  if (!valid_hostname(domain)) return DnsRank::not_found;
  DnsRank worst = DnsRank::not_found;
  // NXDOMAIN for MX does not end it: there are name servers that lie about types they do not know.
  for (const auto type : {RecordType::mx, RecordType::a, RecordType::aaaa}) {
    const DnsRank found = ask(questions, domain, type, relayed);
    if (found == DnsRank::ok || found == DnsRank::null_mx) return found;
    worst = std::max(worst, found);  // the enumerators stand in Postfix's order
    if (found == DnsRank::malformed) break;
  }
  return worst;
}

DnsRank find_helo_name(Questions& questions, std::string_view helo) {
  if (!valid_hostname(helo)) return DnsRank::not_found;
  DnsRank worst = DnsRank::not_found;
  for (const auto type : {RecordType::a, RecordType::aaaa, RecordType::mx}) {
    const DnsRank found = ask(questions, helo, type);
    if (found == DnsRank::ok) return found;
    worst = std::max(worst, found);  // the enumerators stand in Postfix's order
  }
  return worst;
}

}  // namespace fallbackmx
