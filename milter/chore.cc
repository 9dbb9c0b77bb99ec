#include "milter/chore.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace fallbackmx {

struct Chore::State {
  explicit State(std::function<void()> what) : work(std::move(what)) {}
  const std::function<void()> work;
  std::mutex mutex;  ///< protects what follows
  std::condition_variable changed;
  bool asked = false, busy = false, resting = false;
};

Chore::Chore(std::function<void()> work) : state_(std::make_shared<State>(std::move(work))) {
  std::thread([state = state_] { run(state); }).detach();
}

Chore::~Chore() { rest(std::chrono::milliseconds(0)); }

void Chore::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->asked || state->resting; });
    if (state->resting) return;
    state->asked = false;
    state->busy = true;
    lock.unlock();
    state->work();
    lock.lock();
    state->busy = false;
    state->changed.notify_all();
  }
}

void Chore::ask() noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->asked = true;
  state_->changed.notify_all();
}

bool Chore::rest(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  state_->resting = true;
  state_->changed.notify_all();
  return state_->changed.wait_for(lock, limit, [this] { return !state_->busy; });
}

namespace {

struct Done {
  std::mutex mutex;  ///< protects what follows
  std::condition_variable changed;
  bool yes = false;
};

/// Null when there is no memory for it, or no thread.
std::shared_ptr<Done> begun(const std::function<void()>& work) {
  try {
    const auto done = std::make_shared<Done>();
    std::thread([done, work] {
      work();
      const std::lock_guard lock(done->mutex);
      done->yes = true;
      done->changed.notify_all();
    }).detach();
    return done;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

bool done_within(std::chrono::milliseconds limit, const std::function<void()>& work) {
  const auto done = begun(work);
  if (done == nullptr) {
    work();
    return true;
  }
  std::unique_lock lock(done->mutex);
  return done->changed.wait_for(lock, limit, [&] { return done->yes; });
}

}  // namespace fallbackmx
