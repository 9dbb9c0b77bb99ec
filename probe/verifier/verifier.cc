#include "probe/verifier/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/dns/route.h"
#include "probe/mail/next_hop.h"
#include "probe/primary/destination.h"
#include "probe/primary/destinations.h"
#include "probe/primary/engine.h"
#include "probe/smtp/session.h"
#include "probe/smtp/trial.h"
#include "probe/verifier/backlog_worker.h"
#include "probe/verifier/known_down.h"
#include "probe/wire/socketmap.h"

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
      : stale_(services, settings->stale_answer_time),
        engine_(
            Services{services.clock, stale_, services.streams, services.store, services.log, services.metrics,
                     services.loop},
            settings, tls_context(*settings, services.log),
            [this](Destination& destination, Destination::Slot& slot) { return serve(destination, slot); },
            [this] { backlog_.hurry(); }),
        own_(own_addresses(*settings, services.log)),
        backlog_(services.clock, services.log,
                 [this](const Backlog::Item& item) { return ask_again(item); }) {
    recall_servers();
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
    OwnAddresses own = own_addresses(*settings, engine_.services.log);
    stale_.keep_for(settings->stale_answer_time);
    engine_.renew(std::move(settings), std::move(tls));
    {
      const std::lock_guard lock(mutex_);
      own_ = std::move(own);
    }
    ++engine_.news;
    loop().call([this] { destinations_.renew(); });
  }

  void accepted_unverified(const Finding& finding) {
    if (finding.server.empty()) return;
    try {
      loop().post([this, server = finding.server] { engine_.health.accepted_unverified(server); });
    } catch (const std::bad_alloc&) {  // then it is not counted
    }
  }

  void drain() {
    backlog_.close();
    surely([this] { loop().call([this] { destinations_.drain(); }); });
  }

 private:
  /// What the store kept of them over a restart.
  void recall_servers() {
    const Services& services = engine_.services;
    const std::vector<Note> notes = services.store.notes(most_notes);
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

  static OwnAddresses own_addresses(const Settings& settings, Log& log) {
    std::vector<std::string> unknown;
    auto own = OwnAddresses::of(settings.inet_interfaces, settings.proxy_interfaces, &unknown);
    for (const auto& why : unknown)
      log.warning("inet_interfaces: " + printable(why) +
                  "; an MX record that leads there is not known as ours");
    return own;
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

  Route route(const Question& question, const Settings& settings) {
    const std::string& text = question.next_hop.empty() ? question.recipient.domain() : question.next_hop;
    const auto next_hops = parse_next_hops(text);
    if (!next_hops) return {.trouble = Verdict::misrouted, .why = next_hops.error()};
    OwnAddresses own;
    {
      const std::lock_guard lock(mutex_);
      own = own_;
    }
    Log& log = engine_.services.log;
    Reasons reasons;
    Route way = find_route(*next_hops, settings, own, engine_.services.resolver, engine_.hosts,
                           engine_.services.clock, question.deadline,
                           log.wants(LogLevel::debug) ? &reasons : nullptr);
    for (const std::string& reason : reasons) log.debug("route: " + reason);
    // MX records of another domain than the recipient's lead nobody there but us.
    way.from_mx = way.from_mx && next_hops->front().host == question.recipient.domain();
    return way;
  }

  /// When the next trial is made of those who can be asked, where all are down, as far as we have seen
  /// ourselves.
  std::optional<SteadyTime> next_trial(const Question& question, const Settings& settings) {
    std::optional<SteadyTime> first;
    std::vector<std::string> keys;
    for (const Endpoint& endpoint : route(question, settings).endpoints) {
      keys.push_back(endpoint.key());
    }
    loop().call([&] {
      for (const std::string& key : keys) {
        const auto retry_at = engine_.health.retry_at(key);
        if (!retry_at) return first.reset();
        first = std::min(first.value_or(*retry_at), *retry_at);
      }
    });
    return first;
  }

  /// Where socketmaps are asked. Endpoints of which nobody can say what they must show are left out; when
  /// none is left, why.
  std::optional<std::string> find_tls_policies(std::vector<Endpoint>& endpoints, Destinations::Terms& terms,
                                               const Question& question, const Settings& settings) {
    const auto is_stale = [](const Endpoint& endpoint) { return endpoint.stale; };
    if (!settings.smtp_tls_policy_maps.has_socketmap() &&
        std::none_of(endpoints.begin(), endpoints.end(), is_stale))
      return std::nullopt;
    const auto ask = [&](const SocketmapName& map, const std::string& key) {
      return socketmaps_.look_up(map, key, question.deadline);
    };
    std::string why;
    std::erase_if(endpoints, [&](const Endpoint& endpoint) {
      auto policy = tls_policy(settings, endpoint.next_hop, question.tls, ask);
      if (!policy) {
        why = fmt::format("what TLS {} must show is not known: {}", endpoint.next_hop, policy.error());
        return true;
      }
      // Without an answer that is authentic, its certificates are not known.
      if (endpoint.stale && wants_dnssec(policy->level)) {
        why = fmt::format("the DNS gives no answer now, and {} wants one that is authentic",
                          to_string(policy->level));
        return true;
      }
      terms.policies.push_back(*std::move(policy));
      return false;
    });
    return endpoints.empty() ? std::optional(why) : std::nullopt;
  }

  Finding probe(const Question& question, const Settings& settings,
                const std::optional<AddressRecord>& record) {
    const Route way = route(question, settings);
    Finding finding;
    finding.from_mx = way.from_mx;
    if (way.endpoints.empty()) {
      finding.verdict = way.trouble;
      finding.why = way.why;
      return finding;
    }
    Route known = way;
    const std::uint64_t news = engine_.news;
    Destinations::Terms terms{question.tls, question.sender};
    if (const auto unknown = find_tls_policies(known.endpoints, terms, question, settings)) {
      finding.stage = Stage::starttls;
      finding.why = *unknown;
      return finding;
    }
    ProbeAnswer answer = ask(std::move(known.endpoints), std::move(terms),
                             {.recipient = question.recipient,
                              .client = question.client,
                              .deadline = question.deadline,
                              .insist = question.of == Question::Of::primary,
                              .remembered = record});
    finding.source = answer.source;
    if (!answer.result) {
      finding.verdict = Verdict::late;
      finding.stage = Stage::rcpt;
      finding.primary = way.endpoints.front().text();
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
  std::mutex mutex_;  ///< protects own_
  OwnAddresses own_;
  Socketmaps socketmaps_{engine_.services.clock, engine_.services.log};
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
