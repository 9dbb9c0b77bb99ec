// How busy the verifier is, at one moment.
#pragma once

#include <cstddef>

namespace fallbackmx {

/// A value.
struct Activity {
  /// SMTP sessions to primaries. `full`: stands, and takes no further probe now, because its window is full
  /// or it is about to leave.
  struct Sessions {
    std::size_t opening = 0, open = 0, full = 0;

    Sessions& operator+=(const Sessions& more) {
      opening += more.opening;
      open += more.open;
      full += more.full;
      return *this;
    }
  };
  Sessions sessions;
  std::size_t probes = 0;   ///< queued or on the wire
  std::size_t waiters = 0;  ///< clients that wait for them
  /// Remembered in memory, and lost at a restart: which servers talk to us about which domains, which of
  /// them accept everybody there, and which servers are not well.
  std::size_t proofs = 0, catchalls = 0, troubles = 0;
};

}  // namespace fallbackmx
