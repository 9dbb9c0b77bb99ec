#include "test/bench/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fallbackmx {

namespace {
constexpr double wait = 100;  ///< ms; who is answered later has waited
}

void Numbers::add(Clock::duration took, const std::string& answer) {
  const std::lock_guard lock(mutex_);
  ms_.push_back(std::chrono::duration<double, std::milli>(took).count());
  ++answers_[answer];
}

void Numbers::print() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  std::vector<double> sorted = ms_;
  std::sort(sorted.begin(), sorted.end());
  // Of so many, from the quickest on.
  const auto rank = [&](double share, std::size_t count) {
    if (count == 0) return 0.0;
    const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(count)));
    return sorted[std::max<std::size_t>(at, 1) - 1];
  };
  const std::size_t all = sorted.size();
  const auto waited = static_cast<std::size_t>(sorted.end() - std::ranges::upper_bound(sorted, wait));
  std::printf("count %zu\nseconds %.3f\np50 %.3f\np99 %.3f\nmax %.3f\n", all, seconds, rank(0.5, all),
              rank(0.99, all), rank(1.0, all));
  std::printf("waited %zu\nothers %.3f\nsecond %.3f\n", waited, rank(0.99, all - waited),
              rank(1.0, std::max<std::size_t>(all, 1) - 1));
  for (const auto& [answer, number] : answers_) std::printf("answer %s %d\n", answer.c_str(), number);
}

std::string recipient_of(const std::string& pattern, int number) {
  std::string address;
  for (const char c : pattern) address += c == '%' ? std::to_string(number) : std::string(1, c);
  return address;
}

}  // namespace fallbackmx
