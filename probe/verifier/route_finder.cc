#include "probe/verifier/route_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "probe/mail/next_hop.h"
#include "probe/mail/smtp_reply.h"
#include "probe/wire/tls_policy.h"

namespace fallbackmx {

RouteFinder::RouteFinder(Engine& engine, const Settings& settings)
    : engine_(engine),
      socketmaps_(engine.services.clock, engine.services.log),
      own_(own_addresses(settings)) {}

RouteFinder::Way RouteFinder::find(const Question& question, const Settings& settings) {
  Way way{.route = route(question, settings)};
  if (!way.route.endpoints.empty()) find_tls_policies(way, question, settings);
  return way;
}

OwnAddresses RouteFinder::own_addresses(const Settings& settings) const {
  std::vector<std::string> unknown;
  auto own = OwnAddresses::of(settings.inet_interfaces, settings.proxy_interfaces, &unknown);
  for (const auto& why : unknown)
    engine_.services.log.warning("inet_interfaces: " + printable(why) +
                                 "; an MX record that leads there is not known as ours");
  return own;
}

void RouteFinder::renew(OwnAddresses own) {
  const std::lock_guard lock(mutex_);
  own_ = std::move(own);
}

Route RouteFinder::route(const Question& question, const Settings& settings) {
  const std::string& text = question.next_hop.empty() ? question.recipient.domain() : question.next_hop;
  const auto next_hops = parse_next_hops(text);
  if (!next_hops) return {.trouble = Verdict::misrouted, .why = next_hops.error()};
  OwnAddresses own;
  {
    const std::lock_guard lock(mutex_);
    own = own_;
  }
  Log& log = engine_.services.log;
  Reasons reasons;
  Route way =
      find_route(*next_hops, settings, own, engine_.services.resolver, engine_.hosts, engine_.services.clock,
                 question.deadline, log.wants(LogLevel::debug) ? &reasons : nullptr);
  for (const std::string& reason : reasons) log.debug("route: " + reason);
  // MX records of another domain than the recipient's lead nobody there but us.
  way.from_mx = way.from_mx && next_hops->front().host == question.recipient.domain();
  return way;
}

/// Where socketmaps are asked, or the DNS gives no answer now. Endpoints of which nobody can say what they
/// must show are left out.
void RouteFinder::find_tls_policies(Way& way, const Question& question, const Settings& settings) {
  std::vector<Endpoint>& endpoints = way.route.endpoints;
  const auto is_stale = [](const Endpoint& endpoint) { return endpoint.stale; };
  if (!settings.smtp_tls_policy_maps.has_socketmap() &&
      std::none_of(endpoints.begin(), endpoints.end(), is_stale))
    return;
  const auto ask = [&](const SocketmapName& map, const std::string& key) {
    return socketmaps_.look_up(map, key, question.deadline);
  };
  std::string why;
  std::erase_if(endpoints, [&](const Endpoint& endpoint) {
    auto policy = tls_policy(settings, endpoint.next_hop, question.tls, ask);
    if (!policy) {
      why = fmt::format("what TLS {} must show is not known: {}", endpoint.next_hop, policy.error());
      return true;
    }
    // Without an answer that is authentic, its certificates are not known.
    if (endpoint.stale && wants_dnssec(policy->level)) {
      why = fmt::format("the DNS gives no answer now, and {} wants one that is authentic",
                        to_string(policy->level));
      return true;
    }
    way.policies.push_back(*std::move(policy));
    return false;
  });
  if (!endpoints.empty()) return;
  way.route.trouble = Verdict::unavailable;
  way.route.why = std::move(why);
  way.stage = Stage::starttls;
}

}  // namespace fallbackmx
