// For which names the daemon uses DNS answers that are past their time.
#pragma once

#include <string>
#include <vector>

#include "milter/doctor/dns_checks.h"

namespace fallbackmx {

/// Asks the daemon on its control socket; none when nobody answers there. Takes five seconds at most.
std::vector<StaleFacts> stale_names(const std::string& control_socket);

}  // namespace fallbackmx
