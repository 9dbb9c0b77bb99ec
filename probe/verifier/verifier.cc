#include "probe/verifier/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/primary/destination.h"
#include "probe/primary/destinations.h"
#include "probe/primary/engine.h"
#include "probe/smtp/session.h"
#include "probe/smtp/trial.h"
#include "probe/verifier/backlog_worker.h"
#include "probe/verifier/known_down.h"
#include "probe/verifier/route_finder.h"

namespace fallbackmx {

namespace {

/// For a question that nobody waits for.
constexpr std::chrono::seconds background_patience{30};
/// How soon to look whether a primary can be asked again, when nothing else says when.
constexpr std::chrono::seconds background_retry{5};
/// The same after a client has been accepted for it: its first trial may be due by then.
constexpr std::chrono::seconds first_retry{1};
/// How soon to ask again at an address that is past its time, where nobody is proven to be the primary.
constexpr std::chrono::minutes stale_retry{10};
/// When one that existed is refused once, with proof.
constexpr std::chrono::seconds second_proof_after = KnownRejections::proof_distance + std::chrono::seconds(1);
/// As long as an MTA keeps mail that it cannot deliver (Postfix's maximal_queue_lifetime): what was accepted
/// then is gone by now.
constexpr std::chrono::hours backlog_lifetime{5 * 24};

Finding found(const AddressRecord& record, Remembered remembered) {
  Finding finding{
      .verdict = record.verdict, .source = Source::memory, .remembered = remembered, .stage = Stage::rcpt};
  finding.code = record.code;
  finding.dsn = record.dsn;
  finding.words = record.words;
  finding.why = fmt::format("remembered: {} {}", record.code, record.words);
  return finding;
}

/// As far as that can be said without the DNS, and without memory: not where the next hop is fixed, so that
/// clients reach the primary only through us.
bool may_come_from_mx(const Question& question) {
  return question.next_hop.empty() || question.next_hop == question.recipient.domain();
}

}  // namespace

class Verifier::Impl {
 public:
  Impl(Services services, std::shared_ptr<const Settings> settings)
      : Impl(services, settings, services.store.notes(most_notes)) {}

  Impl(Services services, std::shared_ptr<const Settings> settings, const std::vector<Note>& notes)
      : stale_(services, settings->stale_answer_time, notes),
        engine_(
            Services{services.clock, stale_, services.streams, services.store, services.log, services.metrics,
                     services.loop},
            settings, tls_context(*settings, services.log),
            [this](Destination& destination, Destination::Slot& slot) { return serve(destination, slot); },
            [this] { backlog_.hurry(); }),
        routes_(engine_, *settings),
        backlog_(services.clock, services.log,
                 [this](const Backlog::Item& item) { return ask_again(item); }) {
    recall_servers(notes);
  }

  ~Impl() {
    drain();
    backlog_.stop();
    surely([this] { return run_on(loop(), destinations_.stop()); });
  }

  Finding verify(const Question& question) {
    try {
      return find_out(question);
    } catch (const std::exception& trouble) {
      return not_found_out(question, trouble);
    }
  }

  Resolver& relayed_names() { return stale_; }
  std::vector<StaleName> stale_names() const { return stale_.names(); }

  Activity activity() const {
    Activity now;
    loop().call([&] {
      now.probes = static_cast<std::size_t>(std::max(0, engine_.pending));
      now.proofs = engine_.control.size();
      now.catchalls = engine_.catchall.size();
      now.troubles = engine_.health.size();
      for (const auto& destination : destinations_.all()) {
        now.sessions += destination->sessions();
        now.waiters += destination->waiting();
      }
    });
    return now;
  }

  void steer(const std::string& key, Wish wish) {
    loop().call([&] {
      Health& health = engine_.health;
      if (wish == Wish::disable) health.disable(key, engine_.services.clock.now());
      if (wish == Wish::enable) health.enable(key);
      if (wish == Wish::reset) health.reset(key);
      for (const auto& destination : destinations_.all()) destination->look_at_health();
    });
    ++engine_.news;
    if (wish != Wish::disable) engine_.primary_is_back();
  }

  std::vector<PrimaryState> primaries() const {
    std::vector<PrimaryState> states;
    std::map<std::string, std::vector<std::string>> catchall;
    loop().call([&] {
      for (const auto& destination : destinations_.all()) {
        for (PrimaryState& state : destination->look()) states.push_back(std::move(state));
      }
      catchall =
          engine_.catchall.domains(engine_.services.clock.now(), engine_.settings()->probe_catchall_time);
    });
    states = merged(std::move(states));
    for (PrimaryState& state : states) {
      if (const auto found = catchall.find(state.key); found != catchall.end())
        state.accepts_everything = found->second;
    }
    return states;
  }

  void reload(std::shared_ptr<const Settings> settings) {
    // What can fail comes first: all of it is taken, or nothing.
    auto tls = tls_context(*settings, engine_.services.log);
    OwnAddresses own = routes_.own_addresses(*settings);
    stale_.keep_for(settings->stale_answer_time);
    engine_.renew(std::move(settings), std::move(tls));
    routes_.renew(std::move(own));
    ++engine_.news;
    loop().call([this] { destinations_.renew(); });
  }

  void accepted_unverified(const Finding& finding) {
    if (!finding.server.empty()) engine_.unverified.add(finding.server);
  }

  void drain() {
    backlog_.close();
    surely([this] { loop().call([this] { destinations_.drain(); }); });
  }

 private:
  /// What the store kept of them over a restart.
  void recall_servers(const std::vector<Note>& notes) {
    const Services& services = engine_.services;
    loop().call([&] {
      const SteadyTime now = services.clock.now();
      for (const Note& each : notes) {
        const auto server = ServerNote::server_of(each.key);
        if (!server) continue;
        auto note = ServerNote::parse(each.value, each.written, now, services.clock.wall());
        if (!note) continue;
        if (note->down && engine_.health.was_down_before(*server, note->down->since, note->down->cost, now))
          services.log.info(
              fmt::format("primary {} was down before the restart: {}", *server, note->down->why));
        engine_.server_notes.touch(*server) = *std::move(note);
      }
    });
  }

  Task<> serve(Destination& destination, Destination::Slot& slot) {
    if (slot.trial) {
      Trial trial(engine_, destination, slot);
      co_await trial.run();
    } else {
      Session session(engine_, destination, slot);
      co_await session.run();
    }
  }

  std::optional<AddressRecord> remembered(const Question& question) {
    const std::string key = question.recipient.key();
    if (auto known = engine_.services.store.at_hand(key)) return std::move(known->record);
    if (question.waits) question.waits();
    return engine_.services.store.find(key);
  }

  Finding find_out(const Question& question) {
    const auto settings = engine_.settings();
    const std::optional<AddressRecord> record = remembered(question);
    engine_.services.metrics.count(Counter::store_lookups, {record ? "found" : "nothing"});
    const Standing standing =
        record ? fallbackmx::standing(*record, engine_.services.clock.wall(), *settings) : Standing{};
    if (engine_.services.log.wants(LogLevel::debug)) {
      engine_.services.log.debug(fmt::format("memory: {} about <{}>", to_string(standing.remembered),
                                             printable(question.recipient.text())));
    }
    const SteadyTime now = engine_.services.clock.now();
    if (record && question.of != Question::Of::primary && serves(question, *record, standing, now)) {
      if (standing.refresh || !standing.serve) ask_later(question, now, false);
      return found(*record, standing.remembered);
    }
    Finding finding;
    if (question.of == Question::Of::memory) {
      finding.verdict = Verdict::late;
      finding.remembered = standing.remembered;
      finding.withheld = true;
      finding.from_mx = may_come_from_mx(question);
      finding.why = "no primary was asked";
      return finding;
    }
    try {
      if (auto down = known_down_.find(question, now, engine_.news)) {
        finding = *std::move(down);
      } else {
        if (question.waits) question.waits();
        finding = probe(question, *settings, record);
      }
    } catch (const std::exception& trouble) {
      finding = not_found_out(question, trouble);
    }
    finding.remembered = standing.remembered;
    // Who may be accepted for that is asked about later, so that the next message meets an answer.
    if (finding.verdict == Verdict::unavailable)
      ask_later(question, engine_.services.clock.now() + (finding.stale ? stale_retry : first_retry), true);
    if (finding.ask_once_more) ask_later(question, engine_.services.clock.now() + second_proof_after, false);
    return finding;
  }

  /// Whether memory answers. A recipient that existed and is refused lately is asked about again: what is
  /// accepted for it now would be bounced. A rejection that came too late for its client serves the next one.
  bool serves(const Question& question, const AddressRecord& record, const Standing& standing,
              SteadyTime now) {
    const std::string key = question.recipient.key();
    if (standing.serve)
      return record.verdict != Verdict::deliverable || question.of == Question::Of::memory ||
             !engine_.known_rejections.contains(key, now);
    return standing.remembered == Remembered::no && !record.hearsay &&
           engine_.unheard_rejections.take(key, now);
  }

  /// Out of memory, descriptors or threads: trouble of ours is never a no.
  Finding not_found_out(const Question& question, const std::exception& trouble) {
    Finding finding{.verdict = Verdict::late, .from_mx = may_come_from_mx(question)};
    finding.why = fmt::format("no probe could be made: {}", trouble.what());
    engine_.services.log.error(finding.why);
    return finding;
  }

  /// Whoever reads the configuration checks the files first; if they have changed since, go on without.
  static std::shared_ptr<TlsContext> tls_context(const Settings& settings, Log& log) {
    auto context = TlsContext::make(settings);
    if (context) return *context;
    log.error(context.error() + "; going on without the TLS files");
    Settings plain = settings;
    plain.smtp_tls_CAfile = plain.smtp_tls_CApath = plain.smtp_tls_cert_file = "";
    return *TlsContext::make(plain);
  }

  /// When the next trial is made of those who can be asked, where all are down, as far as we have seen
  /// ourselves.
  std::optional<SteadyTime> next_trial(const Question& question, const Settings& settings) {
    std::optional<SteadyTime> first;
    std::vector<std::string> keys;
    for (const Endpoint& endpoint : routes_.find(question, settings).route.endpoints)
      keys.push_back(endpoint.key());
    loop().call([&] {
      for (const std::string& key : keys) {
        const auto retry_at = engine_.health.retry_at(key);
        if (!retry_at) return first.reset();
        first = std::min(first.value_or(*retry_at), *retry_at);
      }
    });
    return first;
  }

  Finding probe(const Question& question, const Settings& settings,
                const std::optional<AddressRecord>& record) {
    const std::uint64_t news = engine_.news;
    RouteFinder::Way way = routes_.find(question, settings);
    Finding finding;
    finding.from_mx = way.route.from_mx;
    if (way.route.endpoints.empty()) {
      finding.verdict = way.route.trouble;
      finding.stage = way.stage;
      finding.why = std::move(way.route.why);
      const SteadyTime now = engine_.services.clock.now();
      // As the resolver remembers it: each further failure of a lookup costs a look into its cache.
      if (finding.verdict == Verdict::unavailable)
        known_down_.put(question, finding, now, SteadyTime::max(), news);
      return finding;
    }
    const std::string first = way.route.endpoints.front().text();
    ProbeAnswer answer =
        ask(std::move(way.route.endpoints), {question.tls, question.sender, std::move(way.policies)},
            {.recipient = question.recipient,
             .client = question.client,
             .deadline = question.deadline,
             .insist = question.of == Question::Of::primary,
             .remembered = record});
    finding.source = answer.source;
    if (!answer.result) {
      finding.verdict = Verdict::late;
      finding.stage = Stage::rcpt;
      finding.primary = first;
      finding.why = finding.primary + " gave no answer in time; the probe goes on";
      return finding;
    }
    ProbeResult& result = *answer.result;
    finding.verdict = result.verdict;
    finding.stage = result.stage;
    finding.primary = std::move(result.primary);
    finding.server = std::move(result.server);
    finding.code = result.code;
    finding.dsn = std::move(result.dsn);
    finding.words = std::move(result.words);
    finding.why = std::move(result.why);
    finding.tls = result.tls;
    finding.ask_once_more = result.ask_once_more;
    finding.stale = result.stale;
    const SteadyTime now = engine_.services.clock.now();
    if (answer.holds_until > now) known_down_.put(question, finding, now, answer.holds_until, news);
    return finding;
  }

  /// Hands it to the loop, and waits for what comes of it.
  ProbeAnswer ask(std::vector<Endpoint> endpoints, Destinations::Terms terms, Destination::Request request) {
    const auto waiter = std::make_shared<Waiter>(engine_.services.clock);
    const SteadyTime deadline = request.deadline;
    loop().post([this, waiter, endpoints = std::move(endpoints), terms = std::move(terms),
                 request = std::move(request)] {
      try {
        const auto destination = destinations_.find(endpoints, terms);
        destination ? destination->ask(request, waiter) : waiter->answer({});
      } catch (const std::exception& trouble) {
        engine_.services.log.error(fmt::format("no probe could be made: {}", trouble.what()));
        waiter->answer({});
      }
    });
    return waiter->wait_until(deadline).value_or(ProbeAnswer{});
  }

  Loop& loop() const { return engine_.loop; }

  /// For what must be done on the loop: there may be no memory to say so.
  template <class Do>
  static void surely(Do act) {
    for (;;) {
      try {
        act();
        return;
      } catch (const std::bad_alloc&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }

  // --- asking in nobody's time ---

  void ask_later(const Question& question, SteadyTime due, bool unanswered) {
    backlog_.add({.recipient = question.recipient,
                  .next_hop = question.next_hop,
                  .tls = question.tls,
                  .sender = question.sender,
                  .since = std::chrono::floor<Seconds>(engine_.services.clock.wall()),
                  .unanswered = unanswered},
                 due);
  }

  /// When the next one of this primary is to be asked, if it cannot be asked now.
  std::optional<SteadyTime> ask_again(const Backlog::Item& item) {
    const Services& services = engine_.services;
    const auto settings = engine_.settings();
    if (services.clock.wall() - item.since > backlog_lifetime) return std::nullopt;
    const Question question{.recipient = item.recipient,
                            .next_hop = item.next_hop,
                            .deadline = services.clock.now() + background_patience,
                            .tls = item.tls,
                            .sender = item.sender};
    // A client has asked meanwhile, or it was the trial that found the primary back. If it was another
    // fallback MX that asked, we have yet to see that the primary is back, and better now than in a client's
    // time.
    const auto record = services.store.find(item.recipient.key());
    const auto trial = item.unanswered ? next_trial(question, *settings) : std::nullopt;
    if (record && record->asked >= item.since && !trial) return std::nullopt;
    if (trial && *trial > services.clock.now()) return *trial;
    const Finding finding = probe(question, *settings, record);
    if (finding.ask_once_more) return services.clock.now() + second_proof_after;
    if (finding.verdict == Verdict::undeliverable && !item.unanswered && !finding.stale)
      engine_.unheard_rejections.add(item.recipient.key(), services.clock.now());
    if (finding.verdict != Verdict::unavailable || !item.unanswered) return std::nullopt;
    if (finding.stale) return services.clock.now() + stale_retry;
    return next_trial(question, *settings).value_or(services.clock.now() + background_retry);
  }

  StaleResolver stale_;
  Engine engine_;
  RouteFinder routes_;
  Destinations destinations_{engine_};  ///< on the loop
  KnownDown known_down_;
  BacklogWorker backlog_;
};

Verifier::Verifier(Services services, std::shared_ptr<const Settings> settings)
    : impl_(std::make_unique<Impl>(services, std::move(settings))) {}
Verifier::~Verifier() = default;
Finding Verifier::verify(const Question& question) { return impl_->verify(question); }
Activity Verifier::activity() const { return impl_->activity(); }
Resolver& Verifier::relayed_names() { return impl_->relayed_names(); }
std::vector<StaleName> Verifier::stale_names() const { return impl_->stale_names(); }
std::vector<PrimaryState> Verifier::primaries() const { return impl_->primaries(); }
void Verifier::steer(const std::string& key, Wish wish) { impl_->steer(key, wish); }
void Verifier::reload(std::shared_ptr<const Settings> settings) { impl_->reload(std::move(settings)); }
void Verifier::accepted_unverified(const Finding& finding) { impl_->accepted_unverified(finding); }
void Verifier::drain() { impl_->drain(); }

}  // namespace fallbackmx
