#include "milter/rules/address_rules.h"

#include <string>

#include "milter/rules/dns_tests.h"
#include "milter/rules/host_names.h"
#include "milter/rules/relaying.h"

namespace fallbackmx {

namespace {

/// What is said about a sender differs from what is said about a recipient in these.
struct Wording {
  Subject subject;
  std::string_view unknown_dsn;
  int null_mx_code;  // RFC 7505 section 4.2; fixed
  std::string_view null_mx_dsn;
  bool relayed = false;  ///< a domain of ours: what cannot be looked up exists
};

Answer unknown_domain(const Settings& settings, const Address& address, const Wording& wording,
                      Questions& questions) {
  if (address.domain().empty() || address.is_literal()) return {};
  const auto say = [&](int code, std::string_view reason) {
    return rejected(code, wording.unknown_dsn, wording.subject, reason);
  };
  switch (find_mail_domain(questions, address.domain(), wording.relayed)) {
    case DnsRank::ok:
      return {};
    case DnsRank::null_mx:
      return rejected(wording.null_mx_code, wording.null_mx_dsn, wording.subject,
                      "Domain " + address.domain() + " does not accept mail (nullMX)");
    case DnsRank::malformed:
      return say(settings.unknown_address_reject_code, "Malformed DNS server reply");
    case DnsRank::not_found:
      return say(settings.unknown_address_reject_code, "Domain not found");
    case DnsRank::temporary:
      if (wording.relayed) return {};
      return unfinished(settings.unknown_address_tempfail_action, say(tempfail_code, "Domain not found"));
  }
  return {};
}

Answer non_fqdn_address(const Settings& settings, Subject subject, bool smtputf8) {
  if (subject.name.empty()) return {};
  const auto at = subject.name.rfind('@');
  const auto domain = at == std::string_view::npos ? std::string_view() : subject.name.substr(at + 1);
  if (domain.starts_with('[') || is_fqdn(without_last_dot(domain), smtputf8)) return {};
  return rejected(settings.non_fqdn_reject_code, "5.5.2", subject, "need fully-qualified address");
}

}  // namespace

Answer unknown_sender_domain(const Settings& settings, const Envelope& envelope, Questions& questions) {
  if (is_final_destination(envelope.sender_mailer)) return {};
  const Wording wording{{envelope.sender_given, sender_address}, "4.1.8", 550, "5.7.27"};
  return unknown_domain(settings, envelope.sender, wording, questions);
}

Answer unknown_recipient_domain(const Settings& settings, const Envelope& envelope, Questions& questions,
                                bool relayed) {
  if (is_final_destination(envelope.mailer)) return {};
  const Wording wording{{envelope.recipient_given, recipient_address}, "4.1.2", 556, "5.1.10", relayed};
  return unknown_domain(settings, envelope.recipient, wording, questions);
}

Answer non_fqdn_sender(const Settings& settings, const Envelope& envelope) {
  return non_fqdn_address(settings, {envelope.sender_given, sender_address}, envelope.smtputf8);
}

Answer non_fqdn_recipient(const Settings& settings, const Envelope& envelope) {
  return non_fqdn_address(settings, {envelope.recipient_given, recipient_address}, envelope.smtputf8);
}

}  // namespace fallbackmx
