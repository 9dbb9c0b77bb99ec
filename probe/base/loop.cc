#include "probe/base/loop.h"

#include <new>
#include <thread>

namespace fallbackmx {

namespace {

/// The outermost coroutine of those that wait for each other. Ends by itself.
struct Root {
  struct promise_type {
    Root get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<> coroutine;
};

Root root_of(Task<> task, std::size_t& started) {
  try {
    co_await task;
  } catch (...) {  // who started it looks after what it must not lose
  }
  --started;
}

}  // namespace

void Loop::run() noexcept {
  for (;;) {
    run_posted();
    run_timers();
    const bool more = resume();
    {
      const std::lock_guard lock(mutex_);
      if (ending_ && started_ == 0 && posted_.empty() && !more) {
        ending_ = false;
        return;
      }
      if (!posted_.empty()) continue;
    }
    poller_->wait(more ? SteadyTime::min() : timers_.empty() ? SteadyTime::max() : timers_.begin()->first);
  }
}

void Loop::post(Function function) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(function));
  }
  if (first) poller_->wake();
}

void Loop::post_surely(Function function) {
  for (;;) {
    try {
      return post(function);
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

void Loop::call(const Function& function) {
  const auto sleeper = clock_.sleeper();
  std::exception_ptr trouble;
  post([&] {
    try {
      function();
    } catch (...) {
      trouble = std::current_exception();
    }
    sleeper->wake();
  });
  while (!sleeper->sleep_until(SteadyTime::max())) continue;
  if (trouble) std::rethrow_exception(trouble);
}

void Loop::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  poller_->wake();
}

void Loop::start(Task<> task) {
  starting_.reserve(starting_.size() + 1);
  starting_.push_back(root_of(std::move(task), started_).coroutine);
  ++started_;
}

void Loop::run_posted() {
  std::vector<Function> functions;
  {
    const std::lock_guard lock(mutex_);
    functions.swap(posted_);
  }
  for (Function& function : functions) {
    try {
      function();
    } catch (...) {  // as post() says
    }
    function = nullptr;
  }
}

void Loop::run_timers() {
  const SteadyTime now = timers_.empty() ? SteadyTime() : clock_.now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Timeout& timer = *timers_.begin()->second;
    timers_.erase(timer.place_);
    timer.place_ = timers_.end();
    const Function function = std::move(timer.function_);
    try {
      function();
    } catch (...) {  // as Timeout says
    }
  }
}

/// Those that are ready now; true when more are by then.
bool Loop::resume() {
  for (const auto coroutine : std::exchange(starting_, {})) coroutine.resume();
  for (WaitPoint* const last = last_ready_; first_ready_ != nullptr;) {
    WaitPoint* const place = first_ready_;
    place->give_up_turn();
    std::exchange(place->coroutine_, {}).resume();  // and perhaps its place is no more
    if (place == last) break;
  }
  return first_ready_ != nullptr || !starting_.empty();
}

Timeout::Timeout(Loop& loop, SteadyTime at, Loop::Function function)
    : loop_(loop), function_(std::move(function)), place_(loop.timers_.emplace(at, this)) {}

Timeout::~Timeout() {
  if (place_ != loop_.timers_.end()) loop_.timers_.erase(place_);
}

void Timeout::move_to(SteadyTime at) noexcept {
  if (place_ == loop_.timers_.end()) return;
  auto node = loop_.timers_.extract(place_);
  node.key() = at;
  place_ = loop_.timers_.insert(std::move(node));
}

// A Readiness and its WaitPoint know each other: this part of it is here.

void Readiness::tell() noexcept {
  if (waiter_ != nullptr)
    waiter_->is_ready();
  else
    told_ = true;
}

void Readiness::await(Poller& poller, WaitPoint& waiter, bool want_write) {
  if (poller_ == nullptr) {
    poller.add(*this);
    poller_ = &poller;
  }
  waiter_ = &waiter;
  want_write_ = want_write;
  if (std::exchange(told_, false)) waiter.is_ready();
}

void WaitPoint::wake() noexcept {
  woken_ = true;
  resume_soon();
}

void WaitPoint::is_ready() noexcept {
  ready_ = true;
  resume_soon();
}

void WaitPoint::begin(std::coroutine_handle<> coroutine, SteadyTime deadline,
                      std::span<const Watch> watches) {
  coroutine_ = coroutine;
  ready_ = false;
  try {
    if (deadline != SteadyTime::max()) timer_.emplace(loop_, deadline, [this] { resume_soon(); });
    watches_ = watches;
    for (const Watch& watch : watches) watch.readiness->await(*loop_.poller_, *this, watch.want_write);
  } catch (...) {
    coroutine_ = {};
    if (queued_) give_up_turn();
    finish();
    throw;
  }
  if (woken_) resume_soon();
}

void WaitPoint::resume_soon() noexcept {
  if (!coroutine_ || queued_) return;
  queued_ = true;
  next_ready_ = nullptr;
  (loop_.first_ready_ == nullptr ? loop_.first_ready_ : loop_.last_ready_->next_ready_) = this;
  loop_.last_ready_ = this;
}

void WaitPoint::give_up_turn() noexcept {
  queued_ = false;
  WaitPoint* before = nullptr;
  for (WaitPoint* each = loop_.first_ready_; each != this; each = each->next_ready_) before = each;
  (before == nullptr ? loop_.first_ready_ : before->next_ready_) = next_ready_;
  if (loop_.last_ready_ == this) loop_.last_ready_ = before;
}

bool WaitPoint::finish() noexcept {
  timer_.reset();
  for (const Watch& watch : std::exchange(watches_, {})) {
    if (watch.readiness->waiter_ == this) watch.readiness->waiter_ = nullptr;
  }
  const bool woken = std::exchange(woken_, false);
  return std::exchange(ready_, false) || woken;
}

}  // namespace fallbackmx
