// What is wrong around this milter: `fallbackmx doctor`. Thin: it looks, and the checks judge.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "milter/control/examination.h"
#include "milter/doctor/ailment.h"
#include "milter/doctor/dns_checks.h"
#include "milter/doctor/known_recipients.h"
#include "probe/dns/resolv_conf.h"

namespace fallbackmx {

/// What to look at, where that is not what it finds by itself.
struct DoctorOrders {
  std::string postfix_directory{};  ///< of main.cf; empty: Postfix's own
  std::string sendmail_cf = "/etc/mail/sendmail.cf";
  std::vector<std::string> domains{};  ///< empty: relay_domains, and Postfix's
  /// Whether the daemon remembers a real recipient of a domain; not set: that is not looked at.
  std::function<Knowledge(const std::string& domain)> knows_recipient{};
  /// For which names the daemon uses DNS answers past their time; not set: that is not looked at.
  std::function<std::vector<StaleFacts>()> stale_names{};
};

struct DoctorReport {
  Ailments ailments{};
  std::vector<std::string>
      looked_at{};  ///< a sentence for each thing, and for each that could not be looked at
};

/// Reads the machine's own configuration and asks name servers and primaries: about one recipient that cannot
/// exist in each domain, 20 domains at most. Takes up to answer_timeout for each. Permissions are looked at
/// as root only: others do not see them. `resolver_of` makes one that asks a single server.
DoctorReport see_doctor(const Settings&, const DoctorOrders&, const World&,
                        const std::function<std::unique_ptr<Resolver>(const NameServer&)>& resolver_of);

}  // namespace fallbackmx
