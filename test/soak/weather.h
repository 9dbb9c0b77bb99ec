// When the primary of a domain could be asked: what answers about unknown users are judged by.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// Troubles of each domain, as they begin and end. After its trouble a domain is unsettled for a while: the
/// daemon doubles the time between its trials (primary_retry_time) as long as they fail, so the next one may
/// be as far away as the trouble was long. A trouble that begins in that time prolongs the last one. Used by
/// all threads.
class Weather {
 public:
  /// `slack` is for the first interval between trials, for what DNS caches, and for the trial itself.
  explicit Weather(Clock::duration slack) : slack_(slack) {}

  /// Troubles may overlap. To be called before it begins, and after it has ended; what was noticed late may
  /// have begun before now.
  void begin(const std::string& domain, Time now);
  void end(const std::string& domain, Time now);

  /// The primary of a domain has lost the list of its users: from now on it says of everybody, in the words
  /// for it, that he does not exist. A yes from before proves that for a while.
  void lose_users(const std::string& domain, Time now);
  bool lost_users(const std::string& domain, Time from, Time to) const;

  /// Whether the primary could be asked at every moment of a time, and the daemon could know.
  bool askable(const std::string& domain, Time from, Time to) const;
  /// How many troubles there were, and in how many of them one of these clients waited.
  struct Wait {
    std::string domain;
    Time from, to;
  };
  struct Waits {
    std::size_t troubles = 0, with_a_wait = 0;
  };
  Waits waits(const std::vector<Wait>&) const;
  /// How much of a time that was.
  Clock::duration askable_time(const std::string& domain, Time from, Time to) const;

 private:
  struct Trouble {
    Time began, settled;
  };
  struct Days {
    int troubles = 0;             ///< at this moment
    std::vector<Trouble> past{};  ///< disjoint, in order; the last may be now
    std::vector<Time> losses{};   ///< of the list of users
  };
  const Clock::duration slack_;
  mutable std::mutex mutex_;  ///< protects what follows
  std::map<std::string, Days> domains_;
};

}  // namespace fallbackmx::soak
