#include "test/soak/yardstick.h"

#include <algorithm>

namespace fallbackmx::soak {
namespace {

constexpr milliseconds nap{10}, worth_noting{5}, stall{500};

}  // namespace

Yardstick::Yardstick(std::function<void(Time, Time)> stalled) : stalled_(std::move(stalled)) {
  const unsigned threads = std::max(std::thread::hardware_concurrency(), 1U);
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { watch(); });
}

Yardstick::~Yardstick() {
  stopping_ = true;
  for (auto& each : threads_) each.join();
}

void Yardstick::watch() {
  while (!stopping_) {
    const Time due = Clock::now() + nap;
    std::this_thread::sleep_until(due);
    const Time now = Clock::now();
    if (now - due < worth_noting) continue;
    if (now - due >= stall) stalled_(due, now);
    const std::lock_guard lock(mutex_);
    delays_.insert({now, now - due});
  }
}

Clock::duration Yardstick::worst(Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  Clock::duration worst{0};
  for (auto each = delays_.lower_bound(from); each != delays_.end() && each->first - each->second <= to;
       ++each) {
    worst = std::max(worst, each->second);
  }
  return worst;
}

}  // namespace fallbackmx::soak
