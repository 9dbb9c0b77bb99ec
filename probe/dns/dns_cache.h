// DNS answers, for as long as they may be kept.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "probe/base/clock.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// Bounded by entries and by bytes (an attacker's domain may have large answers); the one that was not asked
/// for longest goes first. Reads no clock. Not safe for use by several threads: the owner locks.
class DnsCache {
 public:
  explicit DnsCache(std::size_t most_entries = 20'000, std::size_t most_bytes = 16'000'000)
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  /// The answer with what is left of its time to live, rounded up.
  std::optional<DnsAnswer> find(const std::string& key, SteadyTime now);
  /// Keeps it for kept_for(answer).
  void put(const std::string& key, DnsAnswer answer, SteadyTime now);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    DnsAnswer answer;
    SteadyTime expires;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;
  void erase(Entries::iterator);

  const std::size_t most_entries_, most_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;  ///< lately used first
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

/// A positive answer for its time to live, at least a second and at most an hour; a negative one at most 5
/// minutes, because somebody may just be mending it; a failure for a second, so that many who ask at once
/// cost one lookup.
std::chrono::seconds kept_for(const DnsAnswer&);

}  // namespace fallbackmx
