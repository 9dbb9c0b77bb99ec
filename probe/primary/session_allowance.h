// How many sessions at one time a primary lets us have.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "probe/base/clock.h"

namespace fallbackmx {

/// Belongs to a Dispatcher; reads no clock. A primary that refuses
/// a *further* connection while others of ours live is telling us its limit, not that it is down. The limit
/// is respected for an hour, then one more is tried.
class SessionAllowance {
 public:
  /// Of one more connection, while others stood with the same endpoint, or were trying to reach it.
  struct Refusal {
    std::size_t standing = 0, knocking = 0;
    bool silently = false;  ///< it did not answer: it may just as well hang
  };

  /// The sessions that may exist now, of `limit` (probe_session_limit).
  std::size_t of(std::size_t limit, SteadyTime now) const;

  /// False when there was no other: then it is no limit that was met.
  bool refused(const Refusal& refusal, SteadyTime now);

 private:
  std::optional<std::size_t> most_;
  SteadyTime until_{};
};

}  // namespace fallbackmx
