#include "test/bench/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fallbackmx {

void Numbers::add(Clock::duration took, const std::string& answer) {
  const std::lock_guard lock(mutex_);
  ms_.push_back(std::chrono::duration<double, std::milli>(took).count());
  ++answers_[answer];
}

void Numbers::print() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  std::vector<double> sorted = ms_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = [&](double share) {
    if (sorted.empty()) return 0.0;
    const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(at, 1) - 1];
  };
  std::printf("count %zu\nseconds %.3f\np50 %.3f\np99 %.3f\nmax %.3f\n", sorted.size(), seconds, rank(0.5),
              rank(0.99), rank(1.0));
  for (const auto& [answer, number] : answers_) std::printf("answer %s %d\n", answer.c_str(), number);
}

std::string recipient_of(const std::string& pattern, int number) {
  std::string address;
  for (const char c : pattern) address += c == '%' ? std::to_string(number) : std::string(1, c);
  return address;
}

}  // namespace fallbackmx
