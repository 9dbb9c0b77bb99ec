#include "probe/base/worker_thread.h"

namespace fallbackmx {

WorkerThread::WorkerThread(Clock& clock) : sleeper_(clock.sleeper()), thread_([this] { work(); }) {}

WorkerThread::~WorkerThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  sleeper_->wake();
  thread_.join();
}

void WorkerThread::post(std::function<void()> function) {
  {
    const std::lock_guard lock(mutex_);
    functions_.push_back(std::move(function));
  }
  sleeper_->wake();
}

/// The thread.
void WorkerThread::work() {
  for (;;) {
    std::function<void()> function;
    {
      const std::lock_guard lock(mutex_);
      if (functions_.empty() && ending_) return;
      if (!functions_.empty()) {
        function = std::move(functions_.front());
        functions_.pop_front();
      }
    }
    if (function)
      function();
    else
      sleeper_->sleep_until(SteadyTime::max());
  }
}

}  // namespace fallbackmx
