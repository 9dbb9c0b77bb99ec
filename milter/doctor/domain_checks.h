// What is wrong with a domain that we relay for, and with its primary. Pure: facts in, ailments out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "milter/doctor/ailment.h"
#include "probe/dns/dns.h"
#include "probe/dns/route.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

struct DomainFacts {
  std::string domain;
  std::string next_hop;             ///< where probes go
  std::string mailer = "relay";     ///< the MTA's transport
  bool by_relayhost = false;        ///< the next hop is Postfix's relayhost
  std::string not_asked{};          ///< why nobody is asked about its recipients; then nothing below is known
  std::string control_recipient{};  ///< of this domain, where recipient_policy_maps has one
  bool no_real_recipient = false;   ///< none is known to exist, neither remembered nor configured
  DnsAnswer mx;                     ///< of the domain
  bool we_are_mx = false;           ///< one of its MX hosts has an address of ours
  Route route{};                    ///< to its primary
  Reasons reasons{};                ///< of the route
  std::optional<Finding>
      nobody{};  ///< what became of a recipient that cannot exist; none when nobody was asked
};
Ailments domain_ailments(const DomainFacts&, const Settings&);

}  // namespace fallbackmx
