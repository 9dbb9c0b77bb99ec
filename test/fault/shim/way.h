// Who leads to a call: as a number, and for people.
#pragma once

#include "test/fault/fault_board.h"

namespace fault_shim {

/// Of the nearest callers outside of the shim. The same in each process.
fallbackmx::Way way_here();

/// Writes the callers to standard error, which is the daemon's log: addresses for addr2line(1).
void show_way();

}  // namespace fault_shim
