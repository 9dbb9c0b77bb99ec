// What is measured when somebody looks, not when it happens.
#pragma once

#include <cstddef>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/primary/activity.h"
#include "probe/primary/primary_state.h"

namespace fallbackmx {

/// `addresses`: rows of the store. Sets sessions, probes, waiters, and rows, and one primary_up for each
/// server: those of primaries that are no longer in use go away.
void set_gauges(Metrics&, std::size_t addresses, const Activity&, const std::vector<PrimaryState>&);

}  // namespace fallbackmx
