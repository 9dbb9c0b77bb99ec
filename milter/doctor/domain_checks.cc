#include "milter/doctor/domain_checks.h"

#include <fmt/format.h>

namespace fallbackmx {

namespace {

bool is_fixed(const DomainFacts& facts) { return facts.next_hop != facts.domain; }

std::string map_line(const DomainFacts& facts) {
  return fmt::format("{} relay:[its.primary.example] in Postfix's transport_maps (Sendmail: mailertable)",
                     facts.domain);
}

Ailments without_mx(const DomainFacts& facts) {
  return {
      {"domain-without-mx",
       fmt::format("{} has no MX record, so nobody comes to a fallback MX for it", facts.domain),
       fmt::format("{0}. MX 10 its primary, and {0}. MX 20 this machine, in its DNS zone", facts.domain)}};
}

Ailments without_real_recipient(const DomainFacts& facts) {
  return {{"no-real-recipient",
           fmt::format(
               "no recipient in {} is known to exist yet: when its primary refuses one in words that may be "
               "about this machine, nothing proves that they are not, and the recipient is deferred",
               facts.domain),
           fmt::format(
               "fallbackmx verify jane@{0}, somebody who exists there; or `{0} "
               "probe_control_recipient=jane@{0}` in a table of recipient_policy_maps; or wait for the first "
               "mail for somebody who exists",
               facts.domain)}};
}

/// Its recipients are accepted unseen.
Ailments nobody_asked(const DomainFacts& facts, const Settings& settings) {
  const bool listed = settings.relay_domains.matches(facts.domain);
  return {{"not-asked",
           fmt::format("no primary is asked about recipients in {}, each is accepted: {}", facts.domain,
                       facts.not_asked),
           listed || settings.relay_domains.empty()
               ? fmt::format(
                     "nothing, if this machine is the domain's own; else {} in relay_domains of main.cf, and "
                     "in no list of domains that Postfix delivers itself",
                     facts.domain)
               : fmt::format("relay_domains = {}, {} in milter.conf", settings.relay_domains.text(),
                             facts.domain)}};
}

/// Nobody can be asked, and more than for a moment.
Ailments without_route(const DomainFacts& facts) {
  if (facts.we_are_mx && !is_fixed(facts)) {
    return {{"mx-only-ourselves", fmt::format("mail for {} is deferred: {}", facts.domain, facts.route.why),
             fmt::format("{}. MX 10 its primary, in its DNS zone; or {}", facts.domain, map_line(facts))}};
  }
  if (rank(RecordType::mx, facts.mx) == DnsRank::not_found && !is_fixed(facts)) return without_mx(facts);
  return {{"no-primary", fmt::format("mail for {} is deferred: {}", facts.domain, facts.route.why),
           "mend its MX records in its DNS zone; or " + map_line(facts)}};
}

/// What clients see of the domain.
Ailments outside_view(const DomainFacts& facts) {
  if (is_fixed(facts)) return {};  // a gateway need not be found by MX records
  if (rank(RecordType::mx, facts.mx) == DnsRank::not_found) return without_mx(facts);
  if (rank(RecordType::mx, facts.mx) != DnsRank::ok || facts.we_are_mx) return {};
  return {
      {"not-an-mx",
       fmt::format("no MX record of {} leads to an address of this machine, so nobody comes to it",
                   facts.domain),
       fmt::format(
           "{}. MX 20 this machine, in its DNS zone; or, behind NAT, proxy_interfaces = the address outside "
           "in milter.conf",
           facts.domain)}};
}

std::string sentence(const DomainFacts& facts, std::string_view what) {
  return fmt::format("the primary of {} {}: {}", facts.domain, what, facts.nobody->why);
}

std::string control_recipient(const DomainFacts& facts, const Settings& settings) {
  const std::string& name =
      facts.control_recipient.empty() ? settings.probe_control_recipient : facts.control_recipient;
  return name.find('@') == std::string::npos ? name + '@' + facts.domain : name;
}

Ailments refusal(const DomainFacts& facts, const Settings& settings) {
  switch (facts.nobody->stage) {
    case Stage::mail:
      return {{"refuses-null-sender", sentence(facts, "refuses the sender of our probes"),
               settings.probe_fallback_sender.empty()
                   ? "probe_fallback_sender = an address it knows, in milter.conf (it must take <>: RFC 5321 "
                     "section 4.5.5)"
                   : "let " + settings.probe_fallback_sender + " and <> in, at the primary"}};
    case Stage::starttls:
      return {{"tls-not-met", sentence(facts, "does not show what smtp_tls_security_level demands"),
               fmt::format(
                   "a certificate there that fits; else a row `{} may` in a table of smtp_tls_policy_maps",
                   facts.next_hop)}};
    case Stage::rcpt:
      return {{"control-recipient-refused", sentence(facts, "refuses everybody, so its noes prove nothing"),
               fmt::format(
                   "{} must exist there (RFC 5321 section 4.5.1); else set probe_control_recipient, or have "
                   "it let this machine in",
                   control_recipient(facts, settings))}};
    default:
      return {{"refuses-us", sentence(facts, "does not talk to us"),
               "have its administrator let this machine's addresses in, by its words above"}};
  }
}

/// At this port servers wait for TLS before they say anything (RFC 8314).
constexpr std::uint16_t submissions_port = 465;

/// What somebody types to see whether the server can be reached.
std::string try_to_connect(const DomainFacts& facts) {
  if (facts.route.endpoints.empty()) return "nc -vz " + facts.next_hop;
  const Endpoint& first = facts.route.endpoints.front();
  return first.unix_path.empty() ? fmt::format("nc -vz {} {}", first.address.to_string(), first.port)
                                 : "nc -U " + first.unix_path;
}

bool waits_for_tls(const DomainFacts& facts, const Settings& settings) {
  const Finding& finding = *facts.nobody;
  const bool silent =
      finding.code == 0 && (finding.verdict == Verdict::late ||
                            (finding.verdict == Verdict::unavailable && finding.stage == Stage::greeting));
  return silent && !settings.smtp_tls_wrappermode && !facts.route.endpoints.empty() &&
         facts.route.endpoints.front().port == submissions_port;
}

Ailments of_primary(const DomainFacts& facts, const Settings& settings) {
  const Finding& finding = *facts.nobody;
  if (waits_for_tls(facts, settings)) {
    return {{"wrappermode-missing",
             sentence(facts, "does not greet us at port 465, where servers wait for TLS"),
             "smtp_tls_wrappermode = yes and smtp_tls_security_level = encrypt in milter.conf, as -o options "
             "of the transport in Postfix's master.cf have them"}};
  }
  switch (finding.verdict) {
    case Verdict::undeliverable:
      return {};
    case Verdict::deliverable:
      return {
          {"accepts-everybody",
           fmt::format(
               "the primary of {} accepts everybody ({}), so no unknown recipient can be refused here",
               facts.domain, finding.primary),
           facts.by_relayhost
               ? fmt::format(
                     "{} is Postfix's relayhost, which takes mail for anybody: name the primary itself, as "
                     "in `{} next_hop=[its.primary.example]` in a table of recipient_policy_maps",
                     facts.next_hop, facts.domain)
               : "at the primary: no luser_relay, no @domain in virtual_alias_maps, and local_recipient_maps "
                 "or "
                 "relay_recipient_maps not empty"}};
    case Verdict::refused:
      return refusal(facts, settings);
    case Verdict::deferred:
      return {{"defers-us", sentence(facts, "gives us no verdict"),
               "take this machine out of its greylisting and rate limits"}};
    case Verdict::unavailable:
      // A reply is a reply: somebody is there, and does not want us.
      if (finding.code >= 500) return refusal(facts, settings);
      return {{"primary-unreachable", sentence(facts, "cannot be asked"),
               try_to_connect(facts) + " from here; open the way to its port in the firewalls between"}};
    case Verdict::misrouted:
      return {{"primary-is-ourselves", sentence(facts, "is no primary"),
               "its next hop must not be this machine: " + map_line(facts)}};
    case Verdict::late:
      return {{"primary-slow", sentence(facts, "is slower than answer_timeout"),
               "have it answer this machine without delay (tarpits, reverse lookups, greet pauses)"}};
  }
  return {};
}

}  // namespace

Ailments domain_ailments(const DomainFacts& facts, const Settings& settings) {
  if (!facts.not_asked.empty()) return nobody_asked(facts, settings);
  if (facts.route.endpoints.empty()) {
    if (facts.route.trouble != Verdict::misrouted)
      return {{"dns-without-answer",
               fmt::format("nobody can be asked about {}: {}", facts.domain, facts.route.why),
               "mend the name servers of its zone, or our resolver"}};
    return without_route(facts);
  }
  Ailments ailments = outside_view(facts);
  if (facts.no_real_recipient) append(ailments, without_real_recipient(facts));
  if (facts.nobody) append(ailments, of_primary(facts, settings));
  return ailments;
}

}  // namespace fallbackmx
