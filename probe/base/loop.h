// One thread that does many things in turn: coroutines that wait for descriptors, for each other and for
// time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/poller.h"
#include "probe/base/task.h"

namespace fallbackmx {

class Timeout;

/// Whose thread calls `run` owns everything that lives on the loop: nothing there has a lock. Nothing on it
/// may block. Other threads only `post`, `call` and `end`.
class Loop {
 public:
  using Function = std::function<void()>;

  explicit Loop(Clock& clock) : Loop(clock, clock.poller()) {}
  Loop(Clock& clock, std::unique_ptr<Poller> poller) : clock_(clock), poller_(std::move(poller)) {}
  /// Nothing that was started may be left.
  ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Until `end` was called and everything that was started has come to its end.
  void run() noexcept;

  /// From any thread: runs the function on the loop, soon. What it throws is lost. Throws std::bad_alloc when
  /// there is no memory to say so.
  void post(Function function);
  /// The same, however long it takes until there is memory for it.
  void post_surely(Function function);
  /// From any thread but the loop's: runs the function there, and waits for it. What it throws is thrown
  /// here.
  void call(const Function& function);
  /// From any thread.
  void end();

  // The rest is for the loop's thread.

  Clock& clock() const { return clock_; }
  /// Begins soon, not in the middle of what the caller does. Ends by itself; what it throws is lost.
  void start(Task<> task);

 private:
  friend class WaitPoint;
  friend class Timeout;

  using Timers = std::multimap<SteadyTime, Timeout*>;

  void run_posted();
  void run_timers();
  bool resume();

  Clock& clock_;
  const std::unique_ptr<Poller> poller_;
  Timers timers_;
  WaitPoint* first_ready_ = nullptr;
  WaitPoint* last_ready_ = nullptr;
  std::vector<std::coroutine_handle<>> starting_;
  std::size_t started_ = 0;  ///< and not ended

  std::mutex mutex_;  ///< guards what follows
  std::vector<Function> posted_;
  bool ending_ = false;
};

/// Calls a function on the loop when the time has come, once, unless it is destroyed before. The function may
/// destroy it. What it throws is lost.
class Timeout {
 public:
  Timeout(Loop& loop, SteadyTime at, Loop::Function function);
  ~Timeout();
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;
  /// While it has not been called.
  void move_to(SteadyTime at) noexcept;

 private:
  friend class Loop;

  Loop& loop_;
  Loop::Function function_;
  Loop::Timers::iterator place_;  ///< end(): it has been called
};

/// What a coroutine waits for besides: readable always, writable when asked.
struct Watch {
  Readiness* readiness = nullptr;
  bool want_write = false;
};

/// Where one coroutine waits, and is woken by others on the loop.
class WaitPoint {
 public:
  explicit WaitPoint(Loop& loop) : loop_(loop) {}
  Loop& loop() const { return loop_; }
  WaitPoint(const WaitPoint&) = delete;
  WaitPoint& operator=(const WaitPoint&) = delete;

  /// Ends the wait in progress, or else the next one. Several may count as one.
  void wake() noexcept;

  class Wait;
  /// `co_await`: false at the deadline, true when it was woken or one of the watches is ready. Try, and see:
  /// it may be without cause.
  Wait until(SteadyTime deadline, std::span<const Watch> watches = {});

  /// By what it watches.
  void is_ready() noexcept;

 private:
  friend class Loop;

  void begin(std::coroutine_handle<> coroutine, SteadyTime deadline, std::span<const Watch> watches);
  void resume_soon() noexcept;
  void give_up_turn() noexcept;
  bool finish() noexcept;

  Loop& loop_;
  std::coroutine_handle<> coroutine_;  ///< that waits
  std::span<const Watch> watches_;
  std::optional<Timeout> timer_;
  WaitPoint* next_ready_ = nullptr;
  bool queued_ = false;                 ///< has its turn soon
  bool woken_ = false, ready_ = false;  ///< reasons to go on before the deadline
};

class WaitPoint::Wait {
 public:
  Wait(WaitPoint& place, SteadyTime deadline, std::span<const Watch> watches)
      : place_(place), deadline_(deadline), watches_(watches) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) { place_.begin(coroutine, deadline_, watches_); }
  bool await_resume() noexcept { return place_.finish(); }

 private:
  WaitPoint& place_;
  const SteadyTime deadline_;
  const std::span<const Watch> watches_;
};

inline WaitPoint::Wait WaitPoint::until(SteadyTime deadline, std::span<const Watch> watches) {
  return {*this, deadline, watches};
}

/// A loop with a thread of its own. At its end everything that was started has to come to its end.
class LoopThread {
 public:
  explicit LoopThread(Clock& clock) : loop_(clock), thread_([this] { loop_.run(); }) {}
  ~LoopThread() {
    loop_.end();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  operator Loop&() { return loop_; }

 private:
  Loop loop_;
  std::thread thread_;
};

namespace loop_parts {

template <class Value>
Task<> tell(Task<Value> task, std::optional<Value>& value, std::exception_ptr& trouble, Sleeper& sleeper) {
  try {
    value.emplace(co_await task);
  } catch (...) {
    trouble = std::current_exception();
  }
  sleeper.wake();  // the last thing: what is referred to is gone then
}

}  // namespace loop_parts

/// From any thread but the loop's: runs the coroutine on the loop, and waits for it.
template <class Value>
Value run_on(Loop& loop, Task<Value> task) {
  const auto sleeper = loop.clock().sleeper();
  std::optional<Value> value;
  std::exception_ptr trouble;
  auto whole = std::make_shared<Task<>>(loop_parts::tell(std::move(task), value, trouble, *sleeper));
  loop.post([&, whole] {
    try {
      loop.start(std::move(*whole));
    } catch (...) {
      trouble = std::current_exception();
      sleeper->wake();
    }
  });
  while (!sleeper->sleep_until(SteadyTime::max())) continue;
  if (trouble) std::rethrow_exception(trouble);
  return *std::move(value);
}

}  // namespace fallbackmx
