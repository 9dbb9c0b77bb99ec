#include "milter/doctor/domain_facts.h"

#include <algorithm>

#include "milter/rules/not_asked.h"
#include "milter/rules/recipient_question.h"
#include "probe/primary/catchall.h"

namespace fallbackmx {

namespace {

DnsAnswer look_up(const World& world, const std::string& name, RecordType type) {
  return world.resolver.lookup(name, type, world.clock.now() + doctors_dns_patience);
}

bool has_host_of_ours(const DnsAnswer& mx, const OwnAddresses& own, const World& world) {
  return std::any_of(mx.mx.begin(), mx.mx.end(), [&](const MxRecord& host) {
    return any_is_ours(look_up(world, host.host, RecordType::a).addresses, own) ||
           any_is_ours(look_up(world, host.host, RecordType::aaaa).addresses, own);
  });
}

std::optional<Finding> ask(const Scenery& scenery, const std::string& domain, const Settings& settings,
                           const World& world) {
  Settings for_domain = only_verification(settings);
  for_domain.relay_domains = *DomainList::parse(domain);
  Trace trace(world.clock);
  return examine(for_domain, scenery, world, trace).outcome.finding;
}

}  // namespace

DomainFacts domain_facts(const std::string& domain, const MtaRoute& route, const Settings& settings,
                         const OwnAddresses& own, const World& world) {
  const Scenery scenery = scenery_of({.recipient = impossible_local_part() + '@' + domain,
                                      .mailer = route.mailer.empty() ? "relay" : route.mailer,
                                      .next_hop = route.next_hop.empty() ? domain : route.next_hop},
                                     settings);
  const RecipientPolicy* policy = settings.recipient_policy_maps.find(domain);
  DomainFacts facts{
      .domain = domain,
      .next_hop = question_for(scenery.session.client, scenery.envelope, settings, policy).next_hop,
      .mx = look_up(world, domain, RecordType::mx)};
  facts.mailer = scenery.envelope.mailer;
  facts.by_relayhost = route.by_relayhost && facts.next_hop == route.next_hop;
  if (const auto reason = not_asked(settings, scenery.session.client, scenery.envelope)) {
    facts.not_asked = reason->why;
    return facts;
  }
  facts.we_are_mx = has_host_of_ours(facts.mx, own, world);
  const auto hops = parse_next_hops(facts.next_hop);
  if (!hops) {
    facts.route = {.trouble = Verdict::misrouted, .why = hops.error()};
  } else {
    const SteadyTime deadline = world.clock.now() + doctors_dns_patience;
    HostsFile hosts;
    facts.route =
        find_route(*hops, settings, own, world.resolver, hosts, world.clock, deadline, &facts.reasons);
  }
  if (!facts.route.endpoints.empty()) facts.nobody = ask(scenery, domain, settings, world);
  return facts;
}

bool any_is_ours(const std::vector<IpAddress>& addresses, const OwnAddresses& own) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const IpAddress& address) { return own.contains(address); });
}

}  // namespace fallbackmx
