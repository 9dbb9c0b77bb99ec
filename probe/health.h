// Which endpoints are up, and when to knock at the others again.
#pragma once

#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "conf/parameters.h"
#include "probe/clock.h"
#include "probe/recent_map.h"

namespace fallbackmx {

/// One for all destinations; used by all threads. Endpoints are named by Endpoint::key(). An endpoint is up,
/// suspect after a failure, and down after primary_down_after failures in a row. Bounded: an endpoint that is
/// up takes no room, and what has failed longest ago goes first.
class Health {
 public:
  enum class State { up, suspect, down };

  State state(const std::string& endpoint) const;
  /// When the next trial of an endpoint that is down may be made; nothing for one that is not down.
  std::optional<SteadyTime> retry_at(const std::string& endpoint) const;

  /// Whether to connect now. For an endpoint that is down: true once per interval. The next retry time is
  /// written before the answer is given: a slow knock must not be doubled.
  bool may_knock(const std::string& endpoint, SteadyTime now, const Settings&);

  /// It gave a complete reply at MAIL or later. Returns true if that is news: it was down.
  bool alive(const std::string& endpoint);
  /// It could not be asked, or was too slow. Returns true if with this it goes down.
  bool failed(const std::string& endpoint, SteadyTime now, const Settings&);

 private:
  struct Entry {
    int failures = 0;
    std::chrono::milliseconds interval{0};  ///< 0 while not down
    SteadyTime retry_at{};
    bool down() const { return interval.count() > 0; }
  };
  std::chrono::milliseconds with_jitter(std::chrono::milliseconds);

  mutable std::mutex mutex_;
  RecentMap<std::string, Entry> entries_{20'000};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace fallbackmx
