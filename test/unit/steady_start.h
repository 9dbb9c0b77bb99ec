// When the steady clock of a test begins: long after its epoch, as on any machine.
#pragma once

#include "probe/base/clock.h"

namespace fallbackmx {

inline constexpr SteadyTime steady_start{std::chrono::hours(1000)};

}  // namespace fallbackmx
