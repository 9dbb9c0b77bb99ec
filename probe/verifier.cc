#include "probe/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "probe/destination.h"
#include "probe/engine.h"
#include "probe/metrics.h"
#include "probe/next_hop.h"
#include "probe/route.h"

namespace fallbackmx {

namespace {

/// Above it, destinations without work are forgotten.
constexpr std::size_t most_destinations = 1000;
/// Refreshes that may wait; more are left to the next time the address is asked for.
constexpr std::size_t most_refreshes = 1000;
/// For the DNS lookups of a refresh, which nobody waits for.
constexpr std::chrono::seconds refresh_patience{30};

Finding found(const AddressRecord& record, Remembered remembered) {
  Finding finding{
      .verdict = record.verdict, .source = Source::memory, .remembered = remembered, .stage = Stage::rcpt};
  finding.code = record.code;
  finding.dsn = record.dsn;
  finding.words = record.words;
  finding.why = fmt::format("remembered: {} {}", record.code, record.words);
  return finding;
}

}  // namespace

class Verifier::Impl {
 public:
  Impl(Services services, std::shared_ptr<const Settings> settings)
      : engine_(services, settings, tls_context(*settings, services.log)),
        own_(own_addresses(*settings)),
        refresher_sleeper_(services.clock.sleeper()) {
    refresher_ = std::thread([this] { refresh(); });
  }

  ~Impl() {
    drain();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      refresher_sleeper_->wake();
    }
    refresher_.join();
  }

  Finding verify(const Question& question) {
    const auto settings = engine_.settings();
    const std::optional<AddressRecord> record = engine_.services.store.find(question.recipient.key());
    engine_.services.metrics.count(Counter::store_lookups, {record ? "found" : "nothing"});
    const Standing standing =
        record ? fallbackmx::standing(*record, engine_.services.clock.wall(), *settings) : Standing{};
    if (standing.serve) {
      if (standing.refresh) refresh_later(question);
      return found(*record, standing.remembered);
    }
    Finding finding;
    try {
      finding = probe(question, *settings);
    } catch (const std::system_error& trouble) {
      // Out of descriptors or threads: trouble of ours is never a no.
      finding.verdict = Verdict::late;
      finding.why = fmt::format("no probe could be made: {}", trouble.what());
      engine_.services.log.error(finding.why);
    }
    finding.remembered = standing.remembered;
    return finding;
  }

  void reload(std::shared_ptr<const Settings> settings) {
    engine_.renew(settings, tls_context(*settings, engine_.services.log));
    OwnAddresses own = own_addresses(*settings);
    const std::lock_guard lock(mutex_);
    own_ = std::move(own);
    for (const auto& [key, destination] : destinations_) destination->renew();
  }

  void drain() {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [key, destination] : destinations_) destination->drain();
  }

 private:
  static OwnAddresses own_addresses(const Settings& settings) {
    return OwnAddresses::of(settings.inet_interfaces, settings.proxy_interfaces);
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
    Route way = find_route(*next_hops, settings, own, engine_.services.resolver, engine_.services.clock,
                           question.deadline);
    // MX records of another domain than the recipient's lead nobody there but us.
    way.from_mx = way.from_mx && next_hops->front().host == question.recipient.domain();
    return way;
  }

  Finding probe(const Question& question, const Settings& settings) {
    const Route way = route(question, settings);
    Finding finding;
    finding.from_mx = way.from_mx;
    if (way.endpoints.empty()) {
      finding.verdict = way.trouble;
      finding.why = way.why;
      return finding;
    }
    const auto destination = destination_for(way.endpoints);
    Destination::Answer answer;
    if (destination) answer = destination->ask(question.recipient, question.deadline);
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
    finding.code = result.code;
    finding.dsn = std::move(result.dsn);
    finding.words = std::move(result.words);
    finding.why = std::move(result.why);
    finding.tls = result.tls;
    return finding;
  }

  /// Null while draining. Endpoints are the same destination for whatever domain, as long as they need to
  /// show the same.
  std::shared_ptr<Destination> destination_for(const std::vector<Endpoint>& endpoints) {
    const auto settings = engine_.settings();
    std::string key;
    std::vector<TlsPolicy> policies;
    for (const Endpoint& endpoint : endpoints) {
      policies.push_back(tls_policy(*settings, endpoint.next_hop));
      const TlsPolicy& policy = policies.back();
      key +=
          endpoint.key() + " " + std::string(to_string(policy.level)) + " " + policy.protocols.text() + " ";
      if (policy.level > TlsLevel::encrypt) key += endpoint.host + " " + endpoint.next_hop + " ";
      for (const std::string& name : policy.match) key += name + " ";
    }
    std::vector<std::shared_ptr<Destination>> forgotten;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    if (draining_) return nullptr;
    std::shared_ptr<Destination>& destination = destinations_[key];
    if (!destination) destination = std::make_shared<Destination>(engine_, endpoints, std::move(policies));
    auto wanted = destination;
    if (destinations_.size() > most_destinations) {
      std::erase_if(destinations_, [&](auto& entry) {
        if (entry.second.use_count() > 1 || !entry.second->idle()) return false;
        forgotten.push_back(std::move(entry.second));
        return true;
      });
    }
    return wanted;
  }

  // --- asking again what is served from memory, in nobody's time ---

  void refresh_later(const Question& question) {
    const std::lock_guard lock(mutex_);
    if (draining_ || refreshes_.size() >= most_refreshes) return;
    refreshes_.push_back(question);
    refresher_sleeper_->wake();
  }

  void refresh() {
    for (;;) {
      std::optional<Question> question;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) break;
        if (!refreshes_.empty()) {
          question = std::move(refreshes_.front());
          refreshes_.pop_front();
        }
      }
      if (!question) {
        refresher_sleeper_->sleep_until(SteadyTime::max());
        continue;
      }
      question->deadline = engine_.services.clock.now() + refresh_patience;
      try {
        const Route way = route(*question, *engine_.settings());
        if (way.endpoints.empty()) continue;
        if (const auto destination = destination_for(way.endpoints))
          destination->ask_in_background(question->recipient);
      } catch (const std::exception& trouble) {
        engine_.services.log.error(
            fmt::format("a remembered answer could not be refreshed: {}", trouble.what()));
      }
    }
    const std::lock_guard lock(mutex_);
    refresher_sleeper_.reset();
  }

  Engine engine_;
  std::mutex mutex_;
  OwnAddresses own_;
  std::map<std::string, std::shared_ptr<Destination>> destinations_;  ///< by their endpoints' keys
  std::deque<Question> refreshes_;
  bool stopping_ = false, draining_ = false;
  std::unique_ptr<Sleeper> refresher_sleeper_;
  std::thread refresher_;
};

Verifier::Verifier(Services services, std::shared_ptr<const Settings> settings)
    : impl_(std::make_unique<Impl>(services, std::move(settings))) {}
Verifier::~Verifier() = default;
Finding Verifier::verify(const Question& question) { return impl_->verify(question); }
void Verifier::reload(std::shared_ptr<const Settings> settings) { impl_->reload(std::move(settings)); }
void Verifier::drain() { impl_->drain(); }

}  // namespace fallbackmx
