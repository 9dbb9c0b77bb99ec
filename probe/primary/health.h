// Which endpoints are up, and when to knock at the others again.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// One for all destinations. Endpoints are named by Endpoint::key(). An endpoint is up,
/// suspect after a failure, and down after primary_down_after failures in a row. Bounded: what has not been
/// heard of longest goes first.
///
/// Trials of one that is down: after a second, and then when it has been down for half as long again and a
/// second, never later than primary_retry_time after the last; so an outage is noticed to be over after half
/// its length and a second. One that a recipient asks for is made as soon as the last is 5 seconds old.
///
/// What other fallback MXs say is a reason to look, and never more. One that is said to be down counts as
/// down, so that nobody waits, but its trial is due at once, and one reply of its own ends it; not even that
/// when it spoke with us within the last interval, or when the last time it was said was wrong, for an hour.
/// One that is down and said to be up is tried before its time, once in 5 seconds.
class Health {
 public:
  enum class State { up, suspect, down };
  /// What the time in which it could not be asked has cost so far.
  struct Cost {
    std::size_t unverified = 0;  ///< recipients accepted though nobody could say: those before the restart
    SteadyTime::duration longest_wait{0};  ///< that a client had
  };
  struct Outage {
    SteadyTime::duration length;
    Cost cost;
  };
  /// Of an endpoint that is not up.
  struct Trouble {
    State state;
    SteadyTime since;     ///< when that state began
    SteadyTime retry_at;  ///< of one that is down: the next trial
    SteadyTime tried_at;  ///< of one that is down: the last one
    Cost cost;
  };

  State state(const std::string& endpoint) const;
  /// When the next trial of an endpoint that is down will be made, whether a recipient asks for it or not;
  /// nothing for one that is not down.
  std::optional<SteadyTime> retry_at(const std::string& endpoint) const;
  /// When it may be made, should a recipient ask for it.
  std::optional<SteadyTime> may_retry_at(const std::string& endpoint) const;
  /// It was down less than a minute ago: it may flap, and nobody waits long for it.
  bool was_down_lately(const std::string& endpoint, SteadyTime now) const;

  /// Nothing for one that is up.
  std::optional<Trouble> trouble(const std::string& endpoint) const;

  /// Whether to connect now. For an endpoint that is down: true once per trial. The next retry time is
  /// written before the answer is given: a slow trial must not be doubled.
  bool may_knock(const std::string& endpoint, SteadyTime now, const Settings&);

  /// It gave a complete reply at MAIL or later. Returns the outage that ends with it, if it was down.
  std::optional<Outage> alive(const std::string& endpoint, SteadyTime now);
  /// It could not be asked, or was too slow. Returns true if with this it goes down: after primary_down_after
  /// failures in a row, or `at_once`, when a client has waited for it in vain.
  bool failed(const std::string& endpoint, SteadyTime now, const Settings&, bool at_once = false);
  /// A client has waited so long for one that is not up.
  void waited(const std::string& endpoint, SteadyTime::duration wait);
  std::size_t size() const { return entries_.size(); }

  /// It was down when this process began, and its trial is due at once. False: it has been heard of already.
  bool was_down_before(const std::string& endpoint, SteadyTime since, const Cost& cost, SteadyTime now);

  /// Another fallback MX says so. They return true if we believe it, and it is news.
  bool said_to_be_down(const std::string& endpoint, SteadyTime now, const Settings&);
  bool said_to_be_up(const std::string& endpoint, SteadyTime now);

  /// An operator's word. Disabled: it counts as down and is never tried, whatever it did and whatever others
  /// say, until it is enabled, or the process ends.
  void disable(const std::string& endpoint, SteadyTime now);
  void enable(const std::string& endpoint);
  bool disabled(const std::string& endpoint) const;
  /// Its failures are forgotten: it counts as up until the next ones. Does not enable it.
  void reset(const std::string& endpoint);

 private:
  struct Entry {
    int failures = 0;
    bool down = false;
    bool hearsay = false;     ///< down, and we have not seen it ourselves
    SteadyTime knocked_at{};  ///< for the last time, since it is down
    SteadyTime since{}, retry_at{};
    Cost cost{};
    SteadyTime may_retry_at() const { return std::min(retry_at, knocked_at + trial_distance); }
  };
  static constexpr std::chrono::seconds trial_distance{5};
  std::chrono::milliseconds with_jitter(std::chrono::milliseconds);

  RecentMap<std::string, Entry> entries_{20'000};  ///< of those that are not up
  struct Spoken {
    SteadyTime at{}, deaf_until{}, was_down_until{};
  };
  RecentMap<std::string, Spoken> spoken_{20'000};
  std::map<std::string, SteadyTime> disabled_;  ///< since when; as many as operators name
  std::minstd_rand random_{std::random_device{}()};
};

std::string_view to_string(Health::State);

}  // namespace fallbackmx
