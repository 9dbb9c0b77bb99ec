#include "probe/base/clock.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace fallbackmx {

namespace {

class ConditionSleeper final : public Sleeper {
 public:
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    condition_.notify_one();  // with the lock: who wakes up may destroy this
  }

  bool sleep_until(SteadyTime deadline) override {
    std::unique_lock lock(mutex_);
    condition_.wait_until(lock, deadline, [this] { return woken_; });
    return std::exchange(woken_, false);
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

}  // namespace

SteadyTime SystemClock::now() const { return std::chrono::steady_clock::now(); }
WallTime SystemClock::wall() const { return std::chrono::system_clock::now(); }
std::unique_ptr<Sleeper> SystemClock::sleeper() { return std::make_unique<ConditionSleeper>(); }

}  // namespace fallbackmx
