// soak: chaos around the daemon, under a constant stream of mail, and whether the books balance at the end.
// Run by test/soak/run, which holds the bed; see bed_line.h for how they talk.
//
//   soak DIRECTORY BED SECONDS RATE SEED PACE ANSWER-TIMEOUT
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>

#include "test/soak/chaos.h"
#include "test/soak/questioner.h"
#include "test/soak/report.h"
#include "test/soak/stream.h"
#include "test/soak/watch.h"
#include "test/soak/yardstick.h"

namespace fallbackmx::soak {
namespace {

struct Plan {
  std::string directory;  ///< of the bed
  std::string bed;        ///< what its networks' names begin with
  std::chrono::seconds length;
  double rate;  ///< new messages in a second
  unsigned seed;
  double pace;
  std::chrono::seconds answer_timeout;
  std::string network(const char* name) const { return bed + "-" + name; }
};

// As in test/soak/run.
constexpr const char *fallback_address = "192.0.2.20", *outside_address = "192.0.2.53";
constexpr const char* liar_address = "192.0.2.39";

/// The first interval between trials, the TTL of our zones, here and in the resolver, and a trial.
constexpr std::chrono::seconds settling{15};
/// probe_control_time, and what a reply takes on its way.
constexpr std::chrono::seconds control_time{3};
constexpr std::chrono::seconds patience{300};

/// How often the fallback's MTA said, by queue id, that a message may be sent twice.
std::map<std::string, int> doubled_in(const std::string& log) {
  std::map<std::string, int> doubled;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    if (line.find("message may be sent more than once") == std::string::npos) continue;
    const auto begin = line.find("]: ") + 3;
    ++doubled[line.substr(begin, line.find(':', begin) - begin)];
  }
  return doubled;
}

class Soak {
 public:
  explicit Soak(const Plan& plan)
      : plan_(plan),
        population_(users_, {"one.example", "two.example", "open.example"}, "example.org", plan.seed),
        dns_(plan.network("outside"), outside_address, liar_address),
        senders_(plan.network("outside"), outside_address, senders_part(office_)),
        liar_(plan.network("players"), liar_address, primary_part(users_, office_)) {
    liar_.change(Mood::stranger);
    for (const auto& [address, domain] :
         {std::pair("192.0.2.31", "one.example"), std::pair("192.0.2.32", "two.example"),
          std::pair("192.0.2.33", "two.example"), std::pair("192.0.2.34", "open.example")}) {
      players_.push_back(
          {std::make_shared<Player>(plan.network("players"), address, primary_part(users_, office_)),
           domain});
    }
    bed_.tell("up");
  }

  bool run() {
    rest_at_first();
    Yardstick yardstick([this](Time from, Time to) { stalled(from, to); });
    Watch watch(bed_);
    Stream stream({plan_.network("outside"), fallback_address}, ledger_, population_, plan_.rate);
    Questioner questioner(milter_socket(), plan_.answer_timeout, ledger_, population_);
    const auto events = make_trouble();
    watch.stop();
    const bool came_to_rest = come_to_rest(stream);
    questioner.stop();
    tell_totals(events, stream, questioner, yardstick);

    Report report;
    report.check("every client has his answer, and every message has arrived or come back",
                 came_to_rest ? Faults{}
                              : Faults{std::to_string(ledger_.waiting()) + " wait at their clients, " +
                                       std::to_string(ledger_.missing(office_)) + " in the fallback"});
    report.check("every message to an existing user was delivered once, and none came back",
                 ledger_.balance(office_, doubled_in(plan_.directory + "/fallback/log")));
    report.check("no existing user was refused", ledger_.wrongly_refused(weather_, control_time));
    report.check("no unknown user was accepted while its primary could be asked",
                 ledger_.wrongly_accepted(weather_));
    report.check("unknown users were refused, while their primary could be asked",
                 ledger_.rightly_refused(weather_) > 0 ? Faults{} : Faults{"none was"});
    report.check("no client waited longer than answer_timeout + 0.1 s", questioner.too_late(yardstick));
    report.check(
        "no client waited longer than primary_silence_time + 0.1 s for a primary that cannot be asked",
        questioner.waited_too_long(yardstick, weather_));
    report.check("the daemon died only when it was killed", watch.deaths());
    report.check("its memory does not grow", memory_growth(watch.record()));
    report.check("it keeps no descriptor and no thread", leaks());
    bed_.tell("daemon_end");
    report.check("it ends when it is told to, and says that all is well",
                 bed_.daemon() == 0 ? Faults{} : Faults{"see its log"});
    return report.finish();
  }

 private:
  std::string milter_socket() const { return plan_.directory + "/fallback/queue/fallbackmx/milter.sock"; }

  void stalled(Time from, Time to) {
    for (const auto& domain : population_.domains()) {
      weather_.begin(domain, from);
      weather_.end(domain, to);
    }
    journal_.note("the machine stood still for " + in_seconds(to - from) + " s");
  }

  /// The daemon has worked, and rests: what it holds now, it may hold.
  void rest_at_first() {
    {
      Questioner questioner(milter_socket(), plan_.answer_timeout, ledger_, population_);
      std::this_thread::sleep_for(std::chrono::seconds(5));
    }
    at_first_ = at_rest(bed_, {}, patience);
  }

  std::map<std::string, long> make_trouble() {
    const Time begin = Clock::now(), end = begin + plan_.length, last_kill = begin + plan_.length / 2;
    Chaos chaos({bed_, players_, "example.org", dns_, population_, weather_, journal_,
                 [last_kill] { return Clock::now() < last_kill; }},
                plan_.pace, plan_.seed);
    for (Time next = begin; next < end; next += std::chrono::minutes(1)) {
      std::this_thread::sleep_until(std::min(next, end));
      std::cerr << in_seconds(Clock::now() - start_) << " s: " << in_words(vitals_of(bed_.daemon())) << ", "
                << ledger_.waiting() << " messages wait at their clients\n";
    }
    std::this_thread::sleep_until(end);
    chaos.stop();
    return chaos.events();
  }

  /// All is well again: clients get their answers, the fallback's queue empties, and what nobody wants goes
  /// back.
  bool come_to_rest(Stream& stream) {
    stream.ebb();
    if (!eventually([this] { return ledger_.waiting() == 0; }, "flush")) return false;
    bed_.tell("bounce");
    return eventually([this] { return ledger_.missing(office_) == 0; }, "flush");
  }

  template <class Condition>
  bool eventually(Condition condition, const char* meanwhile) {
    for (const Time end = Clock::now() + patience; Clock::now() < end;) {
      office_.collect(plan_.directory + "/mail");
      if (condition()) return true;
      bed_.tell(meanwhile);
      std::this_thread::sleep_for(std::chrono::seconds(2));
    }
    return false;
  }

  void tell_totals(const std::map<std::string, long>& events, const Stream& stream,
                   const Questioner& questioner, const Yardstick& yardstick) {
    const Time now = Clock::now();
    const Weather::Waits waits = weather_.waits(questioner.waits());
    std::cerr << "seed " << plan_.seed << ", " << plan_.length.count() << " s\n";
    for (const auto& [what, count] : events) std::cerr << "  events: " << what << ": " << count << "\n";
    std::cerr << "  events: users came or went: " << population_.changes() << "\n";
    std::cerr << "  attempts to send: " << stream.attempts() << "\n"
              << "  questions at the milter socket: " << questioner.questions() << ", the longest took "
              << in_seconds(questioner.longest()) << " s, answer_timeout is " << plan_.answer_timeout.count()
              << " s\n"
              << "  troubles of a domain: " << waits.troubles << ", in " << waits.with_a_wait
              << " of them a client waited for more than half a second\n"
              << "  the machine's longest delay: " << in_seconds(yardstick.worst(start_, now)) << " s\n";
    for (const auto& domain : population_.domains()) {
      std::cerr << "  " << domain << " could be asked for "
                << in_seconds(weather_.askable_time(domain, start_, start_ + plan_.length)) << " s\n";
    }
    long probes = 0;
    for (const auto& each : players_) probes += each.player->probes();
    std::cerr << "  probes at the scripted primaries: " << probes << "\n";
    std::cerr << ledger_.totals(office_, weather_);
  }

  Faults memory_growth(const LifeRecord& record) const {
    const auto stages = record.stages();
    if (stages.empty()) return {"there is no life long enough to tell"};
    for (const auto& stage : stages) {
      std::cerr << "  the last life at " << in_seconds(stage.at - start_) << ": " << in_words(stage) << "\n";
    }
    if (stages[2].kilobytes <= stages[1].kilobytes * 5 / 4) return {};
    return {"it grows in the second half of its life: " + in_words(stages[2])};
  }

  Faults leaks() const {
    const Vitals now = at_rest(bed_, at_first_, patience);
    std::cerr << "  at rest, at first: " << in_words(at_first_) << "\n  at rest, at last:  " << in_words(now)
              << "\n";
    Faults faults;
    if (now.descriptors > at_first_.descriptors) faults.push_back("descriptors: " + in_words(now));
    if (now.threads > at_first_.threads) faults.push_back("threads: " + in_words(now));
    return faults;
  }

  const Plan plan_;
  const Time start_ = Clock::now();
  Users users_{};
  PostOffice office_{};
  Weather weather_{settling};
  Journal journal_{plan_.directory + "/events", start_};
  Ledger ledger_{users_, start_};
  Population population_;
  LyingDns dns_;
  Player senders_, liar_;
  std::vector<Cast> players_{};
  BedLine bed_{0};
  Vitals at_first_{};
};

}  // namespace
}  // namespace fallbackmx::soak

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: soak DIRECTORY BED SECONDS RATE SEED PACE ANSWER-TIMEOUT\n";
    return 64;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    fallbackmx::soak::Soak soak({argv[1], argv[2], std::chrono::seconds(std::atoi(argv[3])),
                                 std::atof(argv[4]), static_cast<unsigned>(std::atoi(argv[5])),
                                 std::atof(argv[6]), std::chrono::seconds(std::atoi(argv[7]))});
    return soak.run() ? 0 : 1;
  } catch (const std::exception& trouble) {
    std::cerr << "soak: " << trouble.what() << "\n";
    return 1;
  }
}
