// Real time that can be pushed forward: for tests over real sockets in which hours pass.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>

#include "probe/base/poller.h"

namespace fallbackmx {

/// The machine's clocks plus what was skipped. A jump makes sleepers and pollers look at the clock again.
/// Safe for use by all threads.
class JumpClock final : public Clock {
 public:
  SteadyTime now() const override { return std::chrono::steady_clock::now() + skipped(); }
  WallTime wall() const override;
  std::unique_ptr<Sleeper> sleeper() override;
  std::unique_ptr<Poller> poller() override;

  void jump(std::chrono::nanoseconds by);
  void jump_wall(std::chrono::seconds by) { wall_jump_ = wall_jump_.load() + by; }
  std::chrono::nanoseconds skipped() const { return skipped_; }

  /// True when every sleeper but `except` is asleep, and every poller.
  bool all_asleep(const Sleeper& except) const;

 private:
  class Place;    // where a thread may be asleep
  class Bed;      // a Sleeper
  class Watcher;  // a Poller

  std::atomic<std::chrono::nanoseconds> skipped_{};
  std::atomic<std::chrono::seconds> wall_jump_{};
  mutable std::mutex mutex_;  ///< protects the set; its members cannot go while it is held
  std::set<Place*> places_;
};

}  // namespace fallbackmx
