// The resolver that milter.conf describes.
#pragma once

#include <memory>

#include "conf/parameters.h"
#include "probe/base/log.h"
#include "probe/base/loop.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// By the parameters `resolver` and `trusted_resolver`. The loop outlives it, and the log, where somebody
/// wants to know what is unusual about the name servers. A reload makes a new one.
std::unique_ptr<Resolver> make_resolver(const Settings& settings, Loop& loop, Log* log = nullptr);

}  // namespace fallbackmx
