// An event loop that runs on the test's own thread, for as long as a coroutine takes.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "probe/base/loop.h"

namespace fallbackmx {

class LoopHere {
 public:
  explicit LoopHere(Clock& clock) : loop(clock) {
    run(until(SteadyTime::min()));  // virtual time knows this thread by now
  }

  template <class Value>
  Value run(Task<Value> task) {
    std::optional<Value> value;
    std::exception_ptr trouble;
    finish(keep(std::move(task), value, trouble));
    if (trouble) std::rethrow_exception(trouble);
    return *std::move(value);
  }
  void run(Task<> task) {
    std::exception_ptr trouble;
    finish(keep(std::move(task), trouble));
    if (trouble) std::rethrow_exception(trouble);
  }

  /// False at the deadline, without a wake-up.
  bool wait(SteadyTime deadline, std::span<const Watch> watches = {}) {
    return run(wait_for(deadline, watches));
  }

  Loop loop;

 private:
  void finish(Task<> task) {
    loop.start(std::move(task));
    loop.end();
    loop.run();
  }
  Task<> until(SteadyTime deadline) { co_await place_.until(deadline); }
  Task<bool> wait_for(SteadyTime deadline, std::span<const Watch> watches) {
    co_return co_await place_.until(deadline, watches);
  }
  template <class Value>
  static Task<> keep(Task<Value> task, std::optional<Value>& value, std::exception_ptr& trouble) {
    try {
      value.emplace(co_await task);
    } catch (...) {
      trouble = std::current_exception();
    }
  }
  static Task<> keep(Task<> task, std::exception_ptr& trouble) {
    try {
      co_await task;
    } catch (...) {
      trouble = std::current_exception();
    }
  }

  WaitPoint place_{loop};
};

}  // namespace fallbackmx
