// Counts the daemon's calls, and says which one is to fail: the one that the board asks for (fault_board.h,
// in the file $FAULT_BOARD). Without a board none is.
//
// Any thread may call these at any time, also before the program's first line; they allocate nothing that is
// counted.
#pragma once

#include <cstdint>

#include "test/fault/fault_board.h"

namespace fault_shim {

using fallbackmx::Fault;

/// Counts a call of the function `name`; true when it is to fail. With FAULT_TRACE in the environment its
/// callers are then in the daemon's log.
bool strikes(Fault family, const char* name);
/// The same, with errno set to how it is to fail.
bool fails(Fault family, const char* name, int error);

/// Whether anything depends on this family's calls just now.
bool is_watched(Fault family);

/// Returns when the disk does not hang, or no longer.
void wait_for_disk();

/// Nanoseconds.
std::int64_t wall_clock_ahead();

}  // namespace fault_shim
