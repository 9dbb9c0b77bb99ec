// The types a parameter can have.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "conf/tables/domain_list.h"
#include "conf/tables/ehlo_keywords.h"
#include "conf/tables/network_list.h"
#include "conf/tables/recipient_policies.h"
#include "conf/tables/rule.h"
#include "conf/tables/tls_policies.h"
#include "conf/tables/transport_maps.h"
#include "probe/base/log_format.h"

namespace fallbackmx {

using Seconds = std::chrono::seconds;
using Words = std::vector<std::string>;

/// What to do when a test that was meant to reject could not be finished.
enum class TempfailAction { defer_if_permit, defer };
/// The same for an unverified recipient, with the value that a fallback MX needs and Postfix refuses.
enum class UnverifiedAction { defer_if_permit, defer, permit };
enum class UndecidedAction { automatic, defer, permit };
enum class KnownBadAction { defer, permit };
/// What becomes of mail while the primary could take it.
enum class UpAction { go_on, defer };
/// Whether answers are given, or only logged.
enum class Enforcement { enforce, log_only };
enum class AddressPreference { any, ipv6, ipv4 };
enum class LogTarget { syslog, standard_error };

}  // namespace fallbackmx
