// Virtual time: hours of a scenario pass in milliseconds, and exactly the same way each time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "probe/base/poller.h"

namespace fallbackmx {

/// A clock that stands still while any participating thread runs, and jumps to the next thing that is due (a
/// deadline of a sleeper, a scheduled event) when all of them sleep and nothing that has happened could wake
/// one.
///
/// A participant is a thread with living sleepers, or a sleeper that no thread has slept on yet: whoever
/// starts a thread makes its sleeper first, so that no time passes before the thread runs. A sleeper whose
/// condition has come true counts as awake from that moment on, not only when its thread gets the processor:
/// that is what makes it exact.
///
/// When all sleep and nothing will ever happen, or a participant neither sleeps nor ends for a minute of real
/// time, the process aborts with a list of the sleepers: a test never hangs.
///
/// Outlives its sleepers. Safe for use by all threads at once.
class Simulation final : public Clock {
 public:
  using Lock = std::unique_lock<std::mutex>;
  using Event = std::function<void(Lock&)>;
  using Condition = std::function<bool()>;

  /// `patience`: real time that everybody may sleep with nothing to come before that is taken for a deadlock.
  /// Somebody who does not take part may still be about to wake one.
  explicit Simulation(std::chrono::seconds patience = std::chrono::seconds(5));
  ~Simulation() override;
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  SteadyTime now() const override { return now_; }
  /// 2026-01-01 00:00:00 UTC plus the virtual time since the beginning, plus all jumps.
  WallTime wall() const override;
  std::unique_ptr<Sleeper> sleeper() override;
  /// Waits for what can say of itself that it is ready (Readiness::Condition), under the lock.
  std::unique_ptr<Poller> poller() override;

  /// As if somebody had set the machine's clock by this much.
  void jump_wall(std::chrono::seconds by) { wall_jump_ = wall_jump_.load() + by; }
  /// Virtual time since the beginning.
  std::chrono::nanoseconds elapsed() const;

  /// The one lock that guards all simulated state. Fake streams hold it while they change theirs.
  Lock lock() const { return Lock(mutex_); }
  /// Runs `event` under the lock when the time has come, after everything scheduled earlier for that time.
  void schedule(const Lock&, SteadyTime at, Event event);
  /// Sleeps until `sleeper` (one of this clock's) is woken, `ready` is true, or the deadline; false at the
  /// deadline. `ready` is called under the lock, from any thread, and may read only what the lock guards.
  bool sleep(Sleeper& sleeper, SteadyTime deadline, const Condition& ready);

 private:
  class Place;    // a Sleeper
  class Watcher;  // a Poller

  bool awake(const Place&) const;
  bool idle() const;
  bool advance(Lock&);
  void settle(Lock&);
  [[noreturn]] void give_up(const char* what) const;

  mutable std::mutex mutex_;
  const std::chrono::seconds patience_;
  std::atomic<SteadyTime> now_;
  std::atomic<std::chrono::seconds> wall_jump_{};
  std::set<Place*> places_;
  std::multimap<SteadyTime, Event> events_;
};

}  // namespace fallbackmx
