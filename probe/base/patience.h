// How long somebody waits who may be told meanwhile that it will not be for so long.
#pragma once

#include <algorithm>
#include <atomic>

#include "probe/base/clock.h"

namespace fallbackmx {

/// Made by who starts the waiting, and outlives it. One thread waits, any may shorten. Who waits in poll(2)
/// looks again every `look_again`: cheaper than a descriptor for each question.
class Patience {
 public:
  static constexpr auto look_again = std::chrono::milliseconds(20);

  // Not explicit: a point in time is the patience of whoever is not interrupted.
  Patience(SteadyTime end) : first_end_(end), end_(end) {}
  /// The part of a longer patience that ends at `end` at the latest. The longer one outlives it.
  Patience(const Patience& whole, SteadyTime end)
      : whole_(&whole), first_end_(end), end_(end), interrupted_(whole.interrupted_) {}
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  SteadyTime end() const { return whole_ == nullptr ? end_.load() : std::min(end_.load(), whole_->end()); }
  /// The time to look again: the end, unless it may come closer before.
  SteadyTime next_look(SteadyTime now) const {
    return interrupted_ ? std::min(end(), now + look_again) : end();
  }

  /// Says, before the waiting begins, that shorten() may be called.
  void may_be_interrupted() { interrupted_ = true; }
  /// Never lengthens it.
  void shorten(SteadyTime end) {
    for (SteadyTime known = end_; end < known && !end_.compare_exchange_weak(known, end);) continue;
  }
  bool shortened() const { return end_.load() != first_end_; }

 private:
  const Patience* whole_ = nullptr;
  const SteadyTime first_end_;
  std::atomic<SteadyTime> end_;
  bool interrupted_ = false;
};

}  // namespace fallbackmx
