// Of many like things, one in a while; the others are counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// Not safe for use by several threads: the owner locks. Bounded: what has been silent longest is forgotten,
/// and let through when it comes again.
class RateLimit {
 public:
  RateLimit(std::chrono::seconds interval, std::size_t most) : interval_(interval), seen_(most) {}

  /// Nothing: hold it back. Else let it through; so many like it were held back since the last one.
  std::optional<std::size_t> pass(const std::string& what, SteadyTime now) {
    const bool known = seen_.find(what) != nullptr;
    Seen& seen = seen_.touch(what);
    if (known && now - seen.passed < interval_) {
      ++seen.held_back;
      return std::nullopt;
    }
    const std::size_t held_back = seen.held_back;
    seen = {.passed = now};
    return held_back;
  }

 private:
  struct Seen {
    SteadyTime passed{};
    std::size_t held_back = 0;
  };

  const std::chrono::seconds interval_;
  RecentMap<std::string, Seen> seen_;
};

}  // namespace fallbackmx
