#include "probe/wire/tls_policy.h"

#include <algorithm>
#include <iterator>

namespace fallbackmx {

namespace {

constexpr std::string_view lmtp_inet = "lmtp:inet:", lmtp_unix = "lmtp:unix:";

/// `example.org` of `[example.org]:25`.
std::string bare(std::string_view next_hop) {
  if (next_hop.starts_with(lmtp_inet)) next_hop.remove_prefix(lmtp_inet.size());
  if (next_hop.starts_with('[')) return std::string(next_hop.substr(1, next_hop.find(']') - 1));
  return std::string(next_hop.substr(0, next_hop.find(':')));
}

std::vector<TlsName> names_to_match(const TlsPolicy& policy, const Endpoint& endpoint) {
  std::vector<std::string> strategies = policy.match;
  if (strategies.empty()) {
    // The MX host name is as trustworthy as the DNS it came from; secure does not rely on it.
    strategies = policy.level == TlsLevel::secure ? std::vector<std::string>{"nexthop", "dot-nexthop"}
                                                  : std::vector<std::string>{"hostname"};
  }
  std::vector<TlsName> names;
  for (const std::string& strategy : strategies) {
    if (strategy == "hostname") {
      names.push_back({endpoint.host});
    } else if (strategy == "nexthop") {
      names.push_back({bare(endpoint.next_hop)});
    } else if (strategy == "dot-nexthop") {
      names.push_back({bare(endpoint.next_hop), true});
    } else if (strategy.starts_with('.')) {
      names.push_back({strategy.substr(1), true});
    } else {
      names.push_back({strategy});
    }
  }
  return names;
}

/// RFC 7672 section 3.1: PKIX-TA(0) and PKIX-EE(1) are not for SMTP; unknown selectors and matching types are
/// unusable.
bool usable(const TlsaRecord& record) {
  return (record.usage == 2 || record.usage == 3) && record.selector <= 1 && record.matching <= 2 &&
         !record.data.empty();
}

}  // namespace

Result<TlsPolicy> tls_policy(const Settings& settings, std::string_view next_hop, std::optional<TlsLevel> own,
                             const TlsPolicies::Ask& ask) {
  const bool local = next_hop.starts_with(lmtp_unix), lmtp = local || next_hop.starts_with(lmtp_inet);
  TlsPolicy policy{.level = settings.smtp_tls_security_level};
  if (lmtp) policy.level = std::min(policy.level, TlsLevel::may);
  const auto row = settings.smtp_tls_policy_maps.find(next_hop, ask);
  if (!row && !own) return Error{row.error()};
  if (row && *row) policy = **row;
  if (own) policy.level = *own;
  if (local) policy.level = TlsLevel::none;
  policy.wrapped = settings.smtp_tls_wrappermode && !lmtp && policy.level != TlsLevel::none;
  if (policy.protocols.text().empty()) {
    policy.protocols =
        policy.level > TlsLevel::may ? settings.smtp_tls_mandatory_protocols : settings.smtp_tls_protocols;
  }
  return policy;
}

TlsPolicy tls_policy(const Settings& settings, std::string_view next_hop, std::optional<TlsLevel> own) {
  const auto nobody = [](const SocketmapName&, const std::string&) -> Result<std::optional<std::string>> {
    return std::optional<std::string>();
  };
  auto policy = tls_policy(settings, next_hop, own, nobody);
  // What a pattern put together and means nothing is taken for a demand that nobody meets, never for none.
  return policy ? *std::move(policy) : TlsPolicy{.level = TlsLevel::dane_only};
}

bool needs_tlsa(const TlsPolicy& policy, const Endpoint& endpoint) {
  return wants_dnssec(policy.level) && endpoint.authenticated;
}

bool may_need_tlsa(const TlsPolicy& policy, const Endpoint& endpoint) {
  return wants_dnssec(policy.level) && !endpoint.authenticated && endpoint.host_authentic &&
         !endpoint.canonical.empty() && endpoint.canonical != endpoint.host;
}

std::vector<std::string> tlsa_bases(const Endpoint& endpoint) {
  if (!endpoint.authenticated || endpoint.canonical.empty() || endpoint.canonical == endpoint.host)
    return {endpoint.host};
  return {endpoint.canonical, endpoint.host};
}

std::string tlsa_name(const Endpoint& endpoint, std::string_view base) {
  return "_" + std::to_string(endpoint.port) + "._tcp." + std::string(base);
}

bool without_tlsa(const DnsAnswer& tlsa) {
  return tlsa.status != DnsAnswer::Status::temporary &&
         (tlsa.status != DnsAnswer::Status::ok || !tlsa.authentic);
}

TlsDemand tls_demand(const TlsPolicy& policy, const Endpoint& endpoint, const DnsAnswer* tlsa,
                     std::string_view base) {
  if (base.empty()) base = endpoint.host;
  TlsDemand demand{.level = policy.level, .protocols = policy.protocols, .wrapped = policy.wrapped};
  // In plaintext nobody would be heard there.
  const TlsLevel at_least = demand.wrapped ? TlsLevel::encrypt : TlsLevel::may;
  if (demand.wrapped) demand.level = std::max(demand.level, TlsLevel::encrypt);
  if (policy.level == TlsLevel::verify || policy.level == TlsLevel::secure) {
    demand.names = names_to_match(policy, endpoint);
    return demand;
  }
  if (!wants_dnssec(policy.level)) return demand;

  const auto without = [&](const std::string& why) {
    demand.level = at_least;
    if (policy.level == TlsLevel::dane_only) {
      demand.level = TlsLevel::dane;
      demand.why_not = why;
    }
    return demand;
  };
  if (tlsa == nullptr) return without("the DNS answers that led to it are not authentic (DNSSEC)");
  if (tlsa->status == DnsAnswer::Status::temporary) {
    demand.level = TlsLevel::dane;
    demand.why_not = "TLSA lookup failed: " + tlsa->why;
    demand.unavailable = true;
    return demand;
  }
  if (without_tlsa(*tlsa))
    return without("there are no authentic TLSA records at " + tlsa_name(endpoint, base));
  std::copy_if(tlsa->tlsa.begin(), tlsa->tlsa.end(), std::back_inserter(demand.tlsa), usable);
  if (demand.tlsa.empty()) {
    demand.level = TlsLevel::encrypt;
    if (policy.level == TlsLevel::dane_only)
      demand.why_not = "none of the TLSA records at " + tlsa_name(endpoint, base) + " is usable";
    return demand;
  }
  demand.level = TlsLevel::dane;
  // For DANE-TA(2): the base domain, which is also what SNI says, or the domain that is asked about, as it is
  // written and at the end of its CNAME chain (RFC 7672 sections 3.2.2 and 8.1).
  demand.names = {{std::string(base)}, {bare(endpoint.next_hop)}};
  if (!endpoint.next_hop_canonical.empty()) demand.names.push_back({endpoint.next_hop_canonical});
  return demand;
}

}  // namespace fallbackmx
