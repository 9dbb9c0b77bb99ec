// How late this machine is: a promise about time can be tested on a busy machine only when somebody measures,
// beside the program, what the machine adds.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// Threads that do nothing but wait for short times, one for each processor, and note when they were woken
/// late.
class Yardstick {
 public:
  /// `stalled` is told of delays so long that a primary may have looked dead: from, to.
  explicit Yardstick(std::function<void(Time, Time)> stalled);
  ~Yardstick();
  Yardstick(const Yardstick&) = delete;
  Yardstick& operator=(const Yardstick&) = delete;

  /// The longest delay of any thread that was late within a time.
  Clock::duration worst(Time from, Time to) const;

 private:
  void watch();

  const std::function<void(Time, Time)> stalled_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;                       ///< protects what follows
  std::multimap<Time, Clock::duration> delays_{};  ///< by their end
  std::vector<std::thread> threads_{};
};

}  // namespace fallbackmx::soak
