#include "milter/doctor/dns_checks.h"

#include <fmt/format.h>
#include <algorithm>

#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

/// The parameter that demands dane of some primary; empty when none does.
std::string_view who_wants_dnssec(const Settings& settings) {
  if (wants_dnssec(settings.smtp_tls_security_level)) return "smtp_tls_security_level";
  if (settings.smtp_tls_policy_maps.want_dnssec()) return "smtp_tls_policy_maps";
  return settings.recipient_policy_maps.want_dnssec() ? "recipient_policy_maps" : "";
}

/// Why nothing is authentic, and what to do.
Ailment without_ad(const ResolverFacts& facts, std::string_view who) {
  const bool trusted = std::any_of(facts.servers.begin(), facts.servers.end(),
                                   [](const auto& server) { return server.trusted; });
  const std::string what = fmt::format("{} wants DNSSEC, and no answer is authentic: ", who);
  if (!trusted) {
    return {"resolver-without-ad", what + "none of the name servers is in trusted_resolver",
            "apt install unbound, and resolver = 127.0.0.1 in milter.conf"};
  }
  return {"resolver-without-ad", what + "the name servers do not validate (no AD bit)",
          fmt::format("apt install unbound, and resolver = 127.0.0.1 in milter.conf; or no dane in {} there",
                      who)};
}

}  // namespace

Ailments resolver_ailments(const ResolverFacts& facts, const Settings& settings) {
  Ailments ailments;
  bool any = false;
  for (const auto& server : facts.servers) {
    any = any || server.trouble.empty();
    if (server.trouble.empty()) continue;
    ailments.push_back({"name-server-silent",
                        fmt::format("the name server {} gives no answer: {}", server.name, server.trouble),
                        settings.resolver.empty()
                            ? "take it out of /etc/resolv.conf, or set resolver in milter.conf"
                            : "take it out of resolver in milter.conf"});
  }
  if (const auto who = who_wants_dnssec(settings); any && !who.empty() && !facts.authentic)
    ailments.push_back(without_ad(facts, who));
  return ailments;
}

Ailments stale_ailments(const std::vector<StaleFacts>& facts) {
  if (facts.empty()) return {};
  std::string names;
  for (const auto& each : facts)
    names += fmt::format("{}{} since {}", names.empty() ? "" : ", ", each.name, each.since);
  return {{"dns-stale",
           fmt::format("the DNS gives no answer about {}, and the last good answers are used, for as long as "
                       "stale_answer_time says: {}",
                       names, facts.front().why),
           fmt::format("see to the name servers of {}; what do they say? dig +trace {}", facts.front().name,
                       facts.front().name)}};
}

Ailments helo_ailments(const HeloFacts& facts) {
  const auto temporary = [](const DnsAnswer& answer) {
    return answer.status == DnsAnswer::Status::temporary;
  };
  const auto found = [](const DnsAnswer& answer) { return !answer.addresses.empty(); };
  if (!valid_hostname(facts.name) || facts.name.find('.') == std::string::npos) {
    return {{"helo-name-unusable",
             fmt::format("primaries may refuse the HELO name {}: it is not fully qualified", facts.name),
             "smtp_helo_name = this.machine.example.org in milter.conf"}};
  }
  if (!found(facts.v4) && !found(facts.v6)) {
    if (temporary(facts.v4) || temporary(facts.v6)) return {};  // nothing was learned
    return {
        {"helo-name-without-address",
         fmt::format("primaries may refuse the HELO name {}: it has no address", facts.name),
         fmt::format("give {} an A record with this machine's address, or set smtp_helo_name in milter.conf",
                     facts.name)}};
  }
  if (facts.ours) return {};
  const DnsAnswer& shown = found(facts.v4) ? facts.v4 : facts.v6;
  return {
      {"helo-name-of-another",
       fmt::format("primaries may refuse the HELO name {}: its address {} is none of ours", facts.name,
                   shown.addresses.front().to_string()),
       fmt::format(
           "smtp_helo_name = the name of this machine, or, behind NAT, proxy_interfaces = {} in milter.conf",
           shown.addresses.front().to_string())}};
}

}  // namespace fallbackmx
