// Proof: a no counts only from a server that has said yes.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "probe/clock.h"

namespace fallbackmx {

/// Who is asked about which domain, and how: the same server, asked with the same sender over the same kind
/// of channel.
struct ControlKey {
  std::string server;  ///< Endpoint::key(), the sender address and whether TLS is on
  std::string domain;
  friend auto operator<=>(const ControlKey&, const ControlKey&) = default;
};

/// One for all destinations; used by all threads. Bounded: the entries that have been silent longest go
/// first.
class Control {
 public:
  /// It accepted a recipient of the domain. Returns true if it had refused the control recipient before.
  bool accepted(const ControlKey&, SteadyTime now);
  /// It refused the control recipients too. Returns true if that is news, and worth an alarm.
  bool refused(const ControlKey&, SteadyTime now);
  /// Whether its noes count: a yes not older than `lifetime`.
  bool proven(const ControlKey&, SteadyTime now, std::chrono::seconds lifetime) const;

 private:
  struct Entry {
    SteadyTime last_yes = SteadyTime::min();
    SteadyTime touched{};
    bool alarmed = false;
  };
  Entry& touch(const ControlKey&, SteadyTime now);

  mutable std::mutex mutex_;
  std::map<ControlKey, Entry> entries_;
};

}  // namespace fallbackmx
