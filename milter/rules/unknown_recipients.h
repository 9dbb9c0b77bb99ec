// Who asks for many recipients that do not exist is guessing.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/base/recent_map.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// How many unknown recipients each client has asked for within client_unknown_recipient_time (see
/// client_network). Recipients that exist change nothing: behind one address there may be a guesser and
/// honest people. Used by all threads; remembers the last 10,000 clients that guessed wrong.
class UnknownRecipients {
 public:
  /// Whether primaries may be asked for this client. Always for one without an address.
  bool may_ask(const std::optional<IpAddress>& client, SteadyTime now, const Settings&) const;
  /// It asked for one that does not exist.
  void count(const std::optional<IpAddress>& client, SteadyTime now, const Settings&);

 private:
  struct Guesses {
    SteadyTime first{};
    int number = 0;
  };
  static bool expired(const Guesses&, SteadyTime now, const Settings&);

  mutable std::mutex mutex_;
  RecentMap<std::string, Guesses> clients_{10000};
};

}  // namespace fallbackmx
