// Time, and sleeping. The only place where the program learns what time it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace fallbackmx {

class Poller;

/// For deadlines and intervals: never jumps. Not comparable with WallTime, on purpose.
using SteadyTime = std::chrono::steady_clock::time_point;
/// For what is written down and read again after a restart.
using WallTime = std::chrono::system_clock::time_point;
/// Since the epoch.
inline std::int64_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// Of what is read again, none may be later: the year 2255, which a WallTime can hold.
inline constexpr std::int64_t latest_unix_seconds = 9'000'000'000;

/// One thread's place to sleep. Whoever starts a thread that will sleep makes its Sleeper *before* starting
/// it, and the Sleeper lives as long as the thread takes part: virtual time advances when every living
/// Sleeper is asleep. `wake` may be called from any thread, the rest only by the owner.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// Ends the sleep in progress, or else the next one. Several wakes may count as one.
  virtual void wake() noexcept = 0;
  /// Returns true when woken (and uses the wake up), false at the deadline.
  virtual bool sleep_until(SteadyTime deadline) = 0;
};

/// Safe for use by all threads at once.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;
  virtual WallTime wall() const = 0;
  virtual std::unique_ptr<Sleeper> sleeper() = 0;
  /// For an event loop: where its thread sleeps. Throws std::system_error when descriptors have run out.
  virtual std::unique_ptr<Poller> poller();
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wall() const override;
  std::unique_ptr<Sleeper> sleeper() override;
};

}  // namespace fallbackmx
