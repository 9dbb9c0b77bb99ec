// What a run of many requests comes to, in lines that a script reads.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fallbackmx {

/// Many threads add; one prints when they are gone.
class Numbers {
 public:
  using Clock = std::chrono::steady_clock;

  /// The time begins: at construction, or here.
  void begin() noexcept { start_ = Clock::now(); }
  /// One request: how long its answer took, and what that was (`continue`, `550`, ...).
  void add(Clock::duration took, const std::string& answer);
  /// `count N`, `seconds N` since the beginning, `p50`, `p99` and `max` in milliseconds, and `answer WHAT N`
  /// for each. Nearest-rank percentiles. `waited N`: how many took more than 100 ms, `others` the p99 of
  /// those that did not, and `second` the longest but one.
  void print() const;

 private:
  Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::vector<double> ms_{};
  std::map<std::string, int> answers_{};
};

/// The N-th recipient: each % of the pattern is the number. One without a % is the same for all.
std::string recipient_of(const std::string& pattern, int number);

}  // namespace fallbackmx
