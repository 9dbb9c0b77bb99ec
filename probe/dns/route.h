// The way to a recipient's primary: from next hops to endpoints, by DNS.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "probe/dns/dns.h"
#include "probe/dns/hosts_file.h"
#include "probe/dns/mx.h"
#include "probe/dns/route_reasons.h"
#include "probe/mail/next_hop.h"
#include "probe/mail/verdict.h"

namespace fallbackmx {

/// A value.
struct Route {
  std::vector<Endpoint> endpoints{};  ///< in the order to try; empty means trouble
  /// True when the endpoints came from MX records: clients can find them without us.
  bool from_mx = false;
  /// When there are no endpoints: misrouted (NXDOMAIN, null MX, all better MX are ourselves, no MX host has
  /// an address: DNS said so) or unavailable (DNS gave no answer, at least about one MX host).
  Verdict trouble = Verdict::unavailable;
  std::string why{};  ///< a sentence, when there are no endpoints
};

/// Looks up MX, A and AAAA as needed (as Postfix's smtp_addr.c: address fall-back only without MX records,
/// never after a temporary MX failure; MX hosts that do not resolve are skipped as long as another does;
/// numeric MX hosts count), of the protocols of inet_protocols, in the DNS, in the hosts file, or in both, as
/// smtp_host_lookup and smtp_dns_support_level have it. MX hosts that are no better than ourselves are not
/// looked up. No lookup gets more than half of the time that is left, and hosts of the same preference are
/// looked up at the same time, so that a host whose name servers are dead leaves the others theirs; addresses
/// of one kind wait for those of the other for `resolution_delay` only. Returns by the deadline. `reasons`,
/// where somebody wants to know them, get a sentence for each host.
Route find_route(std::span<const NextHop> next_hops, const Settings&, const OwnAddresses&, Resolver&,
                 HostsFile&, const Clock&, SteadyTime deadline, Reasons* reasons = nullptr);

}  // namespace fallbackmx
