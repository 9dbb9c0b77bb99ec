// Real time that can be pushed forward: for tests over real sockets in which hours pass.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>

#include "probe/base/clock.h"

namespace fallbackmx {

/// The machine's clocks plus what was skipped. Sleepers are eventfds; a jump makes them look at the clock
/// again. A poll(2) on a sleeper's descriptor ends at a jump, too, without a wake being pending. Safe for use
/// by all threads.
class JumpClock final : public Clock {
 public:
  SteadyTime now() const override { return std::chrono::steady_clock::now() + skipped(); }
  WallTime wall() const override;
  std::unique_ptr<Sleeper> sleeper() override;

  void jump(std::chrono::nanoseconds by);
  void jump_wall(std::chrono::seconds by) { wall_jump_ = wall_jump_.load() + by; }
  std::chrono::nanoseconds skipped() const { return skipped_; }

  /// While it lives, the sleeper's thread waits for it outside of sleep_until. For stream factories.
  class Asleep {
   public:
    explicit Asleep(Sleeper& sleeper);
    ~Asleep();
    Asleep(const Asleep&) = delete;
    Asleep& operator=(const Asleep&) = delete;

   private:
    Sleeper& sleeper_;
  };
  /// True when every sleeper but `except` is asleep.
  bool all_asleep(const Sleeper& except) const;

 private:
  class Place;  // a Sleeper

  std::atomic<std::chrono::nanoseconds> skipped_{};
  std::atomic<std::chrono::seconds> wall_jump_{};
  mutable std::mutex mutex_;  ///< protects the set; its members cannot go while it is held
  std::set<Place*> places_;
};

}  // namespace fallbackmx
