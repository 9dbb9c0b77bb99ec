// A mutex for which one waits no longer than one wants to.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "probe/base/clock.h"

namespace fallbackmx {

/// For std::unique_lock and std::lock_guard. As std::timed_mutex, but made of what the thread sanitizer of
/// GCC 12 knows: it takes no notice of pthread_mutex_clocklock(3).
class PatientMutex {
 public:
  void lock() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !taken_; });
    taken_ = true;
  }
  bool try_lock() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(taken_, true);
  }
  bool try_lock_until(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;  ///< guarded by mutex_
};

}  // namespace fallbackmx
