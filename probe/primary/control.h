// Proof: a no counts only from a server that has said yes.
#pragma once

#include <string>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// Who is asked about which domain, and how: the same server, asked with the same sender over the same kind
/// of channel.
struct ControlKey {
  std::string server;  ///< Endpoint::key(), the sender address and whether TLS is on
  std::string domain;
  friend auto operator<=>(const ControlKey&, const ControlKey&) = default;
};

/// One for all destinations. Not shared with other fallback MXs: a primary that refuses
/// our address may well talk with theirs, and a 5xx needs a yes that was said to us. Bounded: what has been
/// silent longest goes first.
class Control {
 public:
  /// It accepted a recipient of the domain.
  void accepted(const ControlKey&, SteadyTime now);
  /// It refused the control recipients: what it accepted before counts no more.
  void refused(const ControlKey&);
  /// Its rejections do not count in the domain, whatever the sender. Returns true if that is news, and worth
  /// an alarm.
  bool alarmed(const std::string& server, const std::string& domain);
  /// They do again. Returns true if there was an alarm.
  bool well_again(const std::string& server, const std::string& domain);
  /// Whether its rejections count: a yes not older than `lifetime`.
  bool proven(const ControlKey&, SteadyTime now, std::chrono::seconds lifetime) const;
  std::size_t size() const { return last_yes_.size(); }

 private:
  RecentMap<ControlKey, SteadyTime> last_yes_{50'000};
  RecentMap<ControlKey, bool> alarms_{10'000};  ///< by server, without a sender, and domain
};

}  // namespace fallbackmx
