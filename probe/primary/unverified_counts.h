// How many recipients were accepted while their primary could not be asked.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

#include "probe/base/recent_map.h"

namespace fallbackmx {

/// Of each server, by Endpoint::key(). Any thread, without the loop: in an outage every recipient is counted.
class UnverifiedCounts {
 public:
  void add(const std::string& server) {
    const std::lock_guard lock(mutex_);
    ++counts_.touch(server);
  }
  std::size_t of(const std::string& server) const {
    const std::lock_guard lock(mutex_);
    const std::size_t* count = counts_.find(server);
    return count == nullptr ? 0 : *count;
  }
  /// The outage is over.
  std::size_t take(const std::string& server) {
    const std::lock_guard lock(mutex_);
    std::size_t* count = counts_.find(server);
    if (count == nullptr) return 0;
    const std::size_t all = *count;
    counts_.erase(server);
    return all;
  }

 private:
  mutable std::mutex mutex_;  ///< guards what follows
  RecentMap<std::string, std::size_t> counts_{20'000};
};

}  // namespace fallbackmx
