#include "test/soak/chaos.h"

#include <cmath>

namespace fallbackmx::soak {
namespace {

/// In seconds at pace 1: of a squall, and of the longest event, which may begin at its end.
constexpr double squall = 40, longest_event = 20;
/// In seconds at any pace: what the weather takes to settle, and some time when it has.
constexpr double calm = 15 + 25;

}  // namespace

class Chaos::Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  double between(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }

 private:
  std::mt19937 random_;
};

Chaos::Chaos(World world, double pace, unsigned seed) : world_(std::move(world)), pace_(pace) {
  primaries_ = std::thread([this, seed] { trouble_primaries(seed); });
  others_ = std::thread([this, seed] { trouble_others(seed + 1); });
}

Chaos::~Chaos() { stop(); }

void Chaos::stop() {
  stopping_ = true;
  if (primaries_.joinable()) primaries_.join();
  if (others_.joinable()) others_.join();
}

std::map<std::string, long> Chaos::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

void Chaos::wait(double seconds) {
  const Time end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds / pace_));
  while (!stopping_ && Clock::now() < end) std::this_thread::sleep_for(milliseconds(20));
}

bool Chaos::lull() const {
  const double trouble = (squall + longest_event) / pace_;
  const double period = trouble + trouble * 1.1 + calm;  // as Weather has it
  const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
  return std::fmod(elapsed, period) > squall / pace_;
}

void Chaos::happen(const std::string& what, const std::vector<std::string>& domains, double seconds,
                   const std::function<void()>& begin, const std::function<void()>& end) {
  const std::string where = domains.size() == 1 ? " " + domains.front() : "";
  for (const auto& domain : domains) world_.weather.begin(domain, Clock::now());
  world_.journal.note("begin " + what + where);
  begin();
  wait(seconds);
  end();
  world_.journal.note("end   " + what + where);
  for (const auto& domain : domains) world_.weather.end(domain, Clock::now());
  const std::lock_guard lock(mutex_);
  ++events_[what];
}

void Chaos::trouble_primaries(unsigned seed) {
  Dice dice(seed);
  while (!stopping_) {
    wait(dice.between(2, 10));
    while (lull() && !stopping_) wait(1);
    if (stopping_) return;
    const std::size_t which = dice.below(world_.players.size() + 1);
    if (which < world_.players.size()) {
      trouble_player(world_.players[which], dice);
    } else {
      trouble_real_primary(dice);
    }
  }
}

void Chaos::trouble_player(const Cast& cast, Dice& dice) {
  const auto mood = static_cast<Mood>(1 + dice.below(static_cast<std::size_t>(Mood::count) - 1));
  if (mood == Mood::stranger) world_.weather.lose_users(cast.domain, Clock::now());
  Player& player = *cast.player;
  const bool cut = mood == Mood::unreachable;
  happen(
      "a primary: " + std::string(to_string(mood)), {cast.domain}, dice.between(2, 20),
      [&] { cut ? world_.bed.tell("wire_cut " + player.address()) : player.change(mood); },
      [&] { cut ? world_.bed.tell("wire_mend " + player.address()) : player.change(Mood::well); });
}

void Chaos::trouble_real_primary(Dice& dice) {
  struct Kind {
    const char *name, *begin, *end;
  };
  static constexpr Kind kinds[] = {{"away", "postfix_stop primary", "postfix_start primary"},
                                   {"hung", "primary_hang", "primary_resume"},
                                   {"unreachable", "primary_black_hole", "primary_reachable"},
                                   {"refuses us", "primary_refuses_us", "primary_takes_us"}};
  const Kind& kind = kinds[dice.below(std::size(kinds))];
  happen(
      "the real primary: " + std::string(kind.name), {world_.real_domain}, dice.between(2, 20),
      [&] { world_.bed.tell(kind.begin); }, [&] { world_.bed.tell(kind.end); });
}

void Chaos::trouble_others(unsigned seed) {
  Dice dice(seed);
  while (!stopping_) {
    wait(dice.between(0.5, 3));
    if (stopping_) return;
    const std::size_t kind = dice.below(100);
    if (kind < 12) {
      if (!lull()) trouble_dns(dice);
    } else if (kind < 28) {
      trouble_daemon(dice);
    } else {
      world_.population.change_somebody();
    }
  }
}

void Chaos::trouble_dns(Dice& dice) {
  const auto word = static_cast<Word>(1 + dice.below(4));
  happen(
      "DNS: " + std::string(to_string(word)), world_.population.domains(), dice.between(2, 8),
      [&] { world_.dns.change(word); }, [&] { world_.dns.change(Word::truth); });
}

void Chaos::trouble_daemon(Dice& dice) {
  if (dice.below(4) == 0 && world_.may_kill()) {
    happen(
        "the daemon: killed with -9", {}, dice.between(0, 3), [&] { world_.bed.tell("daemon_kill"); },
        [&] { world_.bed.tell("daemon_start"); });
  } else {
    happen(
        "the daemon: reloaded", {}, 0, [&] { world_.bed.tell("daemon_reload"); }, [] {});
  }
}

}  // namespace fallbackmx::soak
