// Recipients that are remembered to exist, and that a primary has refused since.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// One for all destinations; used by all threads. A recipient that existed is given up only after two proofs
/// (in two sessions, `proof_distance` apart): a primary may lose its list of users, or begin to block us, and
/// be mended a minute later. Until then memory is not served for it, because mail that is accepted now would
/// be bounced. Bounded: what was refused longest ago goes first; lost at a restart, which only costs the time
/// again.
class KnownRejections {
 public:
  static constexpr std::chrono::minutes proof_distance{1};
  /// A refusal that was not repeated for so long counts no more.
  static constexpr std::chrono::hours lifetime{24};

  /// It was refused, and that has not been proven.
  void refused(const std::string& key, SteadyTime now);
  /// It was refused, and that was proven in this session. True when this is the second proof.
  bool proven(const std::string& key, std::uint64_t session, SteadyTime now);
  /// It was accepted, or is given up: nothing is held against it any more.
  void forget(const std::string& key);
  /// Whether it has been refused since it was accepted for the last time.
  bool contains(const std::string& key, SteadyTime now) const;

 private:
  struct Entry {
    SteadyTime refused_at{};
    std::optional<SteadyTime> proven_at;
    std::uint64_t session = 0;  ///< in which it was proven for the first time
  };
  mutable std::mutex mutex_;
  RecentMap<std::string, Entry> entries_{50'000};
};

}  // namespace fallbackmx
