#include "probe/base/clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <system_error>
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

  int fd() const noexcept override { return -1; }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

class EventSleeper final : public Sleeper {
 public:
  EventSleeper() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~EventSleeper() override { close(fd_); }
  EventSleeper(const EventSleeper&) = delete;
  EventSleeper& operator=(const EventSleeper&) = delete;

  void wake() noexcept override {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the sleeper is awake anyway.
    [[maybe_unused]] auto written = write(fd_, &one, sizeof one);
  }

  bool sleep_until(SteadyTime deadline) override {
    for (;;) {
      const SteadyTime now = std::chrono::steady_clock::now();
      const bool in_time = now < deadline;
      if (in_time) wait_for(std::chrono::ceil<std::chrono::milliseconds>(deadline - now));
      std::uint64_t count;
      if (read(fd_, &count, sizeof count) == sizeof count) return true;
      if (!in_time) return false;
    }
  }

  int fd() const noexcept override { return fd_; }

 private:
  /// Or until somebody wakes us, or a signal comes.
  void wait_for(std::chrono::milliseconds left) {
    pollfd pending{fd_, POLLIN, 0};
    poll(&pending, 1,
         static_cast<int>(std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max())));
  }

  int fd_;
};

}  // namespace

SteadyTime SystemClock::now() const { return std::chrono::steady_clock::now(); }
WallTime SystemClock::wall() const { return std::chrono::system_clock::now(); }
std::unique_ptr<Sleeper> SystemClock::sleeper() { return std::make_unique<ConditionSleeper>(); }
std::unique_ptr<Sleeper> SystemClock::sleeper_for_poll() { return std::make_unique<EventSleeper>(); }

}  // namespace fallbackmx
