// What goes wrong, and when.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "test/soak/bed_line.h"
#include "test/soak/journal.h"
#include "test/soak/lying_dns.h"
#include "test/soak/player.h"
#include "test/soak/population.h"
#include "test/soak/weather.h"

namespace fallbackmx::soak {

/// A scripted primary, and the domain that it is for.
struct Cast {
  std::shared_ptr<Player> player;
  std::string domain;
};

/// Two threads make trouble, one event after another each: one of the primaries, one of DNS and the daemon,
/// and people come and go. Trouble comes in squalls; the lull after each is long enough for the daemon to
/// find out that all is well, and to be asked then. The same seed makes the same events, though not at the
/// same moments of the daemon's. The weather knows of each event before it begins, and after it has ended.
class Chaos {
 public:
  struct World {
    BedLine& bed;
    std::vector<Cast> players;
    std::string real_domain;  ///< of the real primary
    LyingDns& dns;
    Population& population;
    Weather& weather;
    Journal& journal;
    std::function<bool()> may_kill;  ///< the daemon, with -9
  };
  /// `pace`: 1 is an event in about ten seconds, that takes about as long; 2 is twice as fast.
  Chaos(World, double pace, unsigned seed);
  ~Chaos();
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;

  /// No more events; when this returns all is well.
  void stop();
  /// How often each kind happened.
  std::map<std::string, long> events() const;

 private:
  class Dice;
  void trouble_primaries(unsigned seed);
  void trouble_others(unsigned seed);
  void trouble_player(const Cast&, Dice&);
  void trouble_real_primary(Dice&);
  void trouble_dns(Dice&);
  void trouble_daemon(Dice&);
  void happen(const std::string& what, const std::vector<std::string>& domains, double seconds,
              const std::function<void()>& begin, const std::function<void()>& end);
  /// Cut short when chaos is stopped.
  void wait(double seconds);
  bool lull() const;

  World world_;
  const double pace_;
  const Time began_ = Clock::now();
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  ///< protects what follows
  std::map<std::string, long> events_{};
  std::thread primaries_, others_;
};

}  // namespace fallbackmx::soak
