#include "test/scenario/player.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "conf/config.h"
#include "probe/base/metrics.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/server_tls.h"
#include "test/scenario/answer.h"
#include "test/scenario/clients.h"
#include "test/scenario/moody_resolver.h"
#include "test/scenario/primaries.h"
#include "test/scenario/story.h"

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

// The machine's own name and addresses must not decide how a test ends; and a scripted server accepts
// whatever its script does not mention, so it must not be taken for one that accepts everybody, unless that
// is what the scenario is about.
const std::vector<std::string> base_settings = {"myhostname=fallback.example.net",
                                                "inet_interfaces=192.0.2.250",
                                                "address_verify_map=memory:", "probe_catchall_time=0"};

std::string without_blanks(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos) return assignment;
  return std::string(stripped(assignment.substr(0, equals))) + "=" +
         std::string(stripped(assignment.substr(equals + 1)));
}

bool holds(const std::string& relation, std::size_t is, std::size_t wanted) {
  if (relation == "<=") return is <= wanted;
  if (relation == ">=") return is >= wanted;
  return is == wanted;
}

class Play {
 public:
  Play(const Scenario& scenario, World& world)
      : scenario_(scenario),
        world_(world),
        zone_(world.clock()),
        resolver_(zone_, world.clock()),
        log_([this](LogLevel, std::string_view line) { story_.note(line); }, LogLevel::debug),
        store_(make_memory_store()),
        loop_(world.clock()) {}

  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  std::vector<Disappointment> run() {
    if (!set_up()) return story_.disappointments();
    const Services services{world_.clock(), resolver_, world_.streams(), *store_, log_, metrics_, loop_};
    verifier_ = std::make_unique<Verifier>(services, current_settings());
    director_ = world_.clock().sleeper();
    clients_ = std::make_unique<Clients>(
        ClientsServices{.world = world_,
                        .resolver = resolver_,
                        .verifier = *verifier_,
                        .settings = [this] { return current_settings(); },
                        .story = story_,
                        .check = [this](std::size_t line, const Count& count) { check(line, count); },
                        .director = *director_});
    try {
      take_steps();
    } catch (const std::exception& trouble) {
      disappoint(0, std::string("the scenario was broken off: ") + trouble.what());
    }
    while (clients_->waiting()) director_->sleep_until(SteadyTime::max());
    clients_->join();
    // What goes on in the background may come to its end, and so show its manners. Nothing new is begun.
    verifier_->drain();
    world_.pass_until(*director_, world_.clock().now() + 1s, [] { return false; });
    // The sessions end in their own time, in which we must not take part.
    director_.reset();
    verifier_.reset();
    let_goodbyes_arrive();
    look_at_manners();
    if (!story_.disappointments().empty()) tell_the_story();
    return story_.disappointments();
  }

 private:
  // --- the world as it is in the beginning

  bool set_up() {
    settings_ = base_settings;
    for (const auto& assignment : scenario_.settings) settings_.push_back(without_blanks(assignment));
    read_settings(0);
    for (const auto& server : scenario_.servers) add_server(server);
    for (const auto& [line, record] : scenario_.zone) add_record(line, record);
    return story_.disappointments().empty();
  }

  void add_record(std::size_t line, const std::string& record) {
    try {
      zone_.add(with_digest(record));
    } catch (const std::exception& trouble) {
      disappoint(line, trouble.what());
    }
  }

  /// `TLSA 3 1 1 of mx1`: keys are made anew in each run.
  std::string with_digest(const std::string& record) const {
    const auto of = record.find(" of ");
    if (record.find(" TLSA ") == std::string::npos || of == std::string::npos) return record;
    const auto server = primaries_.named(std::string(stripped(record.substr(of + 4))));
    if (!server) throw std::invalid_argument("there is no such server: " + record);
    return record.substr(0, of + 1) + server->credentials()->key_digest();
  }

  void add_server(const Scenario::Server& described) {
    for (const auto& [line, error] : primaries_.add(described)) disappoint(line, error);
    for (const auto& [line, record] : scenario_.zone) {
      const auto parts = words(record);
      if (parts.size() != 3 || parts[0] != described.name || (parts[1] != "A" && parts[1] != "AAAA"))
        continue;
      world_.serve(parts[2], described.port, primaries_.named(described.name));
    }
  }

  void read_settings(std::size_t line) {
    const auto config = read_config({{}, {}, settings_});
    for (const auto& error : config.errors) disappoint(line, error);
    const std::lock_guard guard(mutex_);
    if (config.settings) current_ = config.settings;
  }

  std::shared_ptr<const Settings> current_settings() const {
    const std::lock_guard guard(mutex_);
    return current_;
  }

  // --- what happens

  void take_steps() {
    const auto start = world_.clock().now();
    const Step* before = nullptr;
    for (const auto& step : scenario_.steps) {
      world_.pass_until(*director_, start + step.at, [this] { return clients_->waiting(); });
      const bool clients_first = before != nullptr && before->at == step.at &&
                                 std::holds_alternative<RcptStep>(before->what) &&
                                 !std::holds_alternative<RcptStep>(step.what);
      if (clients_first) world_.comes_true(*director_, [this] { return clients_->have_asked(); });
      before = &step;
      std::visit([&](const auto& what) { take(step, what); }, step.what);
    }
  }

  void take(const Step& step, const RcptStep& rcpt) { clients_->start(step.line, rcpt); }

  void take(const Step& step, const ServerStep& change) {
    const auto server = primaries_.named(change.server);
    if (!server) return disappoint(step.line, "there is no server " + change.server);
    if (const auto taken = server->change(change.line); !taken) disappoint(step.line, taken.error());
    world_.servers_changed();
  }

  void take(const Step& step, const ZoneStep& zone) {
    if (zone.gone) {
      zone_.remove(zone.record);
    } else {
      add_record(step.line, zone.record);
    }
  }

  void take(const Step& step, const SetStep& set) {
    settings_.push_back(without_blanks(set.assignment));
    read_settings(step.line);
    verifier_->reload(current_settings());
  }

  void take(const Step&, const DnsStep& dns) { resolver_.set(dns.mood); }

  void take(const Step&, const MemoryStep& memory) {
    if (memory.what == MemoryStep::What::forget) return store_->forget(memory.address);
    AddressRecord record;
    record.asked = world_.clock().wall();
    if (memory.what == MemoryStep::What::yes) {
      record.code = 250;
      record.last_yes = record.asked;
    } else {
      record.verdict = Verdict::undeliverable;
      record.code = 550;
      record.dsn = "5.1.1";
      record.words = "no such user";
    }
    store_->put(memory.address, record);
  }

  void take(const Step&, const ClockStep& clock) {
    world_.jump_wall(std::chrono::duration_cast<std::chrono::seconds>(clock.jump));
  }

  void take(const Step& step, const ExpectStep& expect) {
    for (const auto& count : expect.counts) {
      world_.comes_true(*director_, [&] { return holds(count.relation, counted(count), count.number); });
      check(step.line, count);
    }
  }

  // --- what is counted

  std::size_t counted(const Count& count) const {
    if (count.what == "log") return story_.lines_with(count.about[0]);
    if (count.what == "questions") return zone_.questions(count.about[0]);
    return primaries_.counted(count);
  }

  void check(std::size_t line, const Count& count) {
    const auto is = counted(count);
    if (holds(count.relation, is, count.number)) return;
    std::string what = count.what;
    for (const auto& about : count.about) what += " " + about;
    disappoint(line, what + " is " + std::to_string(is) + ", wanted " + count.relation + " " +
                         std::to_string(count.number));
  }

  bool allows(Scenario::Allowance allowance) const {
    return std::find(scenario_.allowances.begin(), scenario_.allowances.end(), allowance) !=
           scenario_.allowances.end();
  }

  /// For the records of the servers: the last packets are still under way.
  void let_goodbyes_arrive() {
    const auto sleeper = world_.clock().sleeper();
    world_.pass_until(*sleeper, world_.clock().now() + 1s, [] { return false; });
    world_.comes_true(*sleeper, [this] { return primaries_.alone(); });
  }

  /// What holds in every scenario.
  void look_at_manners() {
    const auto limit = static_cast<std::size_t>(current_settings()->probe_session_limit);
    const bool hangups = allows(Scenario::Allowance::hangups);
    for (const auto& manner : primaries_.bad_manners(limit, hangups)) disappoint(0, manner);
    for (const auto& line : story_.lines()) {
      if (!is_printable(line)) disappoint(0, "a remote byte reached the log as it was: " + line);
    }
    if (allows(Scenario::Allowance::strays)) return;
    for (const auto& stray : world_.strays()) disappoint(0, "connected to " + stray + ", where no server is");
  }

  // --- reporting

  void disappoint(std::size_t line, std::string text) { story_.disappoint(line, std::move(text)); }

  /// The servers' view and the log, after the disappointments.
  void tell_the_story() {
    auto all = primaries_.story() + "--- log\n";
    for (const auto& line : story_.lines()) all += line + "\n";
    disappoint(0, std::move(all));
  }

  const Scenario& scenario_;
  World& world_;
  FakeResolver zone_;
  MoodyResolver resolver_;
  Story story_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> current_;  ///< guarded by mutex_
  Log log_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  LoopThread loop_;
  std::vector<std::string> settings_;
  Primaries primaries_;
  std::unique_ptr<Sleeper> director_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace

std::vector<Disappointment> play(const Scenario& scenario, World& world) {
  return Play(scenario, world).run();
}

}  // namespace fallbackmx
