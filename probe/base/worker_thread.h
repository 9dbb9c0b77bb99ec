// A thread for what blocks, so that the event loop does not.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "probe/base/loop.h"

namespace fallbackmx {

/// Does one thing after the other. From its end on nothing waits for it any more.
class WorkerThread {
 public:
  explicit WorkerThread(Clock& clock);
  /// Does what is left.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  /// From any thread. The function does not throw.
  void post(std::function<void()> function);

 private:
  void work();

  std::mutex mutex_;  ///< guards what follows
  std::deque<std::function<void()>> functions_;
  bool ending_ = false;
  const std::unique_ptr<Sleeper> sleeper_;
  std::thread thread_;
};

/// For a coroutine on the loop: calls it on the worker's thread, and waits for it.
template <class Call>
Task<std::invoke_result_t<Call>> call_on(WorkerThread& worker, Loop& loop, Call call) {
  WaitPoint place(loop);
  std::optional<std::invoke_result_t<Call>> result;
  std::exception_ptr trouble;
  worker.post([&] {
    try {
      result.emplace(call());
    } catch (...) {
      trouble = std::current_exception();
    }
    loop.post_surely([&] { place.wake(); });
  });
  co_await place.until(SteadyTime::max());
  if (trouble) std::rethrow_exception(trouble);
  co_return *std::move(result);
}

/// The same in a thread of its own, which is made for it: for what may take seconds.
template <class Call>
Task<std::invoke_result_t<Call>> in_a_thread(Loop& loop, Call call) {
  WorkerThread worker(loop.clock());
  co_return co_await call_on(worker, loop, std::move(call));
}

}  // namespace fallbackmx
