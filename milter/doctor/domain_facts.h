// What can be found out about one domain and its primary.
#pragma once

#include <chrono>
#include <string>

#include "conf/parameters.h"
#include "milter/control/examination.h"
#include "milter/doctor/domain_checks.h"
#include "milter/doctor/mta_route.h"
#include "probe/dns/mx.h"

namespace fallbackmx {

/// Asks name servers, and the primary about a recipient that cannot exist: takes up to answer_timeout, and
/// doctors_dns_patience for each lookup. `route`: what the MTA would say in {rcpt_mailer} and {rcpt_host};
/// empty: it relays the domain, to its MX.
DomainFacts domain_facts(const std::string& domain, const MtaRoute& route, const Settings&,
                         const OwnAddresses&, const World&);

/// How long a name server may take: somebody waits for the whole of it.
inline constexpr std::chrono::seconds doctors_dns_patience{5};

/// Whether one of the addresses is ours.
bool any_is_ours(const std::vector<IpAddress>& addresses, const OwnAddresses&);

}  // namespace fallbackmx
