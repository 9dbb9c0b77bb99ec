// Proven rejections that came after their clients' deadlines, and that nobody has heard yet.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// One for all destinations; used by all threads. A primary that takes longer than a client waits (a tarpit,
/// a slow greeting) would otherwise have every unknown recipient deferred for ever. The verdict itself is in
/// the Store; this says that it serves one more attempt, whatever address_verify_negative_cache says.
/// Bounded: the oldest goes first.
class UnheardRejections {
 public:
  /// Clients come back after 5 to 17 minutes. A user that is made meanwhile must not be refused for longer.
  static constexpr std::chrono::minutes lifetime{30};

  /// A rejection came, and nobody waited for it any more.
  void add(const std::string& key, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    entries_.touch(key) = now;
  }
  /// Somebody has heard another verdict since.
  void forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    entries_.erase(key);
  }
  /// True once, if there is one that is not too old: the client that asks now hears it.
  bool take(const std::string& key, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    const SteadyTime* since = entries_.find(key);
    const bool serves = since != nullptr && now - *since <= lifetime;
    if (since != nullptr) entries_.erase(key);
    return serves;
  }

 private:
  std::mutex mutex_;
  RecentMap<std::string, SteadyTime> entries_{50'000};
};

}  // namespace fallbackmx
