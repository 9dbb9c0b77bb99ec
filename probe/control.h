// Proof: a no counts only from a server that has said yes.
#pragma once

#include <mutex>
#include <string>

#include "probe/clock.h"
#include "probe/recent_map.h"

namespace fallbackmx {

/// Who is asked about which domain, and how: the same server, asked with the same sender over the same kind
/// of channel.
struct ControlKey {
  std::string server;  ///< Endpoint::key(), the sender address and whether TLS is on
  std::string domain;
  friend auto operator<=>(const ControlKey&, const ControlKey&) = default;
};

/// One for all destinations; used by all threads. Not shared with other fallback MXs: a primary that refuses
/// our address may well talk with theirs, and a 5xx needs a yes that was said to us. Bounded: what has been
/// silent longest goes first.
class Control {
 public:
  /// It accepted a recipient of the domain. Returns true if it had refused the control recipient before.
  bool accepted(const ControlKey&, SteadyTime now);
  /// It refused the control recipients too. Returns true if that is news, and worth an alarm.
  bool refused(const ControlKey&);
  /// Whether its noes count: a yes not older than `lifetime`.
  bool proven(const ControlKey&, SteadyTime now, std::chrono::seconds lifetime) const;
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    SteadyTime last_yes = SteadyTime::min();
    bool alarmed = false;
  };

  mutable std::mutex mutex_;
  RecentMap<ControlKey, Entry> entries_{50'000};
};

}  // namespace fallbackmx
