// The addresses of a host as this machine's C library knows them: hosts file, DNS, whatever nsswitch.conf
// says.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "probe/base/result.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// For names in the configuration, at a start or a reload; never for a client's question. getaddrinfo(3)
/// cannot be interrupted: it runs in a thread of its own, which is left behind when the limit comes first.
Result<std::vector<IpAddress>> look_up_host(const std::string& name, std::chrono::milliseconds limit);

}  // namespace fallbackmx
