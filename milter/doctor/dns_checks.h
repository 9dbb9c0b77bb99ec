// What is wrong with the name servers, and with our own name. Pure: facts in, ailments out.
#pragma once

#include <string>
#include <vector>

#include "conf/parameters.h"
#include "milter/doctor/ailment.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

struct ResolverFacts {
  struct Server {
    std::string name;       ///< `127.0.0.1:53`
    std::string trouble{};  ///< why it gave no answer; empty when it gave one
    bool trusted = false;   ///< by trusted_resolver
  };
  std::vector<Server> servers{};
  bool authentic = false;  ///< a signed name was answered with the AD bit, by a trusted one
};
Ailments resolver_ailments(const ResolverFacts&, const Settings&);

/// A name that leads to a primary, and that the daemon gets no answer about.
struct StaleFacts {
  std::string name, since, why;
};
Ailments stale_ailments(const std::vector<StaleFacts>&);

/// Of smtp_helo_name.
struct HeloFacts {
  std::string name;
  DnsAnswer v4, v6;
  bool ours = false;  ///< one of its addresses is
};
Ailments helo_ailments(const HeloFacts&);

}  // namespace fallbackmx
