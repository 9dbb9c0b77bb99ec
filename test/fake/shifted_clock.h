// The machine's clock, moved forward on demand: for code that also waits on sockets.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "probe/clock.h"

namespace fallbackmx {

/// Safe for use by all threads at once.
class ShiftedClock final : public Clock {
 public:
  void advance(std::chrono::nanoseconds by) { shift_ = shift_.load() + by; }

  SteadyTime now() const override { return system_.now() + shift_.load(); }
  WallTime wall() const override { return system_.wall(); }
  std::unique_ptr<Sleeper> sleeper() override { return system_.sleeper(); }

 private:
  SystemClock system_;
  std::atomic<std::chrono::nanoseconds> shift_{};
};

}  // namespace fallbackmx
