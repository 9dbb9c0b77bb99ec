// DNS answers, for as long as they may be kept, and lookups that failed.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// Bounded by entries and by bytes (an attacker's domain may have large answers); the one that was not asked
/// for longest goes first. Reads no clock. Not safe for use by several threads: the owner locks.
class DnsCache {
 public:
  explicit DnsCache(std::size_t most_entries = 20'000, std::size_t most_bytes = 16'000'000)
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  /// A failure that took so long has cost somebody its time, and is not waited for again for some time.
  static constexpr std::chrono::milliseconds slow_from{900};
  static constexpr std::chrono::seconds slow_lifetime{60};

  /// The answer with what is left of its time to live, rounded up; or a failure that is not to be tried again
  /// yet.
  std::optional<DnsAnswer> find(const std::string& key, SteadyTime now);
  /// Keeps an answer for kept_for(answer). A failure (RFC 9520) is kept for a second, and for twice as long
  /// each further time, up to a minute, until there is an answer; `took` is how long it was waited for.
  void put(const std::string& key, DnsAnswer answer, SteadyTime now, SteadyTime::duration took = {});
  /// The last failure, if it was slow within `slow_lifetime`: it may be tried again, but nobody should wait
  /// for that.
  std::optional<DnsAnswer> slow_failure(const std::string& key, SteadyTime now) const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    DnsAnswer answer;
    SteadyTime expires;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;
  struct Failure {
    DnsAnswer answer;
    SteadyTime at{}, until{};
    std::chrono::seconds kept{0};
    bool slow = false;
  };
  void put_failure(const std::string& key, DnsAnswer answer, SteadyTime now, bool slow);
  void erase(Entries::iterator);

  const std::size_t most_entries_, most_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;  ///< lately used first
  std::unordered_map<std::string, Entries::iterator> by_key_;
  RecentMap<std::string, Failure> failures_{10'000};  ///< of those that were answered no better since
};

/// A positive answer for its time to live, at least a second and at most an hour; a negative one at most 5
/// minutes, because somebody may just be mending it.
std::chrono::seconds kept_for(const DnsAnswer&);

}  // namespace fallbackmx
