#include "probe/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "probe/session.h"

namespace fallbackmx {

namespace {

/// While nobody stands yet, the limit is a guess.
constexpr std::chrono::seconds first_guess_lifetime{10};
/// A host that refuses us does so at all its addresses, which are asked one after the other.
constexpr std::chrono::seconds one_trouble{60};

}  // namespace

Destination::Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies)
    : engine_(engine),
      endpoints_(std::move(endpoints)),
      policies_(std::move(policies)),
      probes_(endpoints_.size()),
      habits_(endpoints_.size()) {}

Destination::~Destination() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = draining_ = true;
    for (const auto& slot : sessions_) slot->sleeper->wake();
  }
  // No session is launched any more, and each one leaves by way of `ended_`.
  for (;;) {
    std::shared_ptr<Slot> slot;
    {
      const std::lock_guard lock(mutex_);
      if (!ended_.empty()) {
        slot = ended_.front();
        ended_.pop_front();
      } else if (!sessions_.empty()) {
        slot = sessions_.front();
      } else {
        break;
      }
    }
    if (slot->thread.joinable()) slot->thread.join();
  }
  engine_.pending -= static_cast<int>(probes_.in_flight());
}

Destination::Answer Destination::ask(const Address& recipient, SteadyTime deadline) {
  join_ended();
  {
    const std::lock_guard lock(mutex_);
    if (auto anyway = accepted_anyway(recipient))
      return {.result = std::move(anyway), .source = Source::memory};
    if (all_down()) {
      // Nobody waits for a dead primary; this very probe may be its trial.
      if (trial_due() && !draining_ && !probes_.find(recipient)) enqueue(recipient);
      return {.result = down_result()};
    }
  }
  const std::unique_ptr<Sleeper> sleeper = engine_.services.clock.sleeper();
  std::unique_lock lock(mutex_);
  std::shared_ptr<Probe> probe = probes_.find(recipient);
  const bool shared = probe != nullptr;
  if (!shared) probe = enqueue(recipient);
  if (!probe) {
    const auto limit = engine_.settings()->address_verify_pending_request_limit;
    return {.result = ProbeResult{
                .verdict = Verdict::late,
                .stage = Stage::connect,
                .why = fmt::format("{} probes are waiting already (address_verify_pending_request_limit)",
                                   limit)}};
  }
  probe->waiters.push_back(sleeper.get());
  bool in_time = true;
  while (!probe->result && !draining_ && in_time) {
    lock.unlock();
    in_time = sleeper->sleep_until(deadline);
    lock.lock();
  }
  std::erase(probe->waiters, sleeper.get());
  return {.result = probe->result, .source = shared ? Source::shared_probe : Source::probe};
}

void Destination::ask_in_background(const Address& recipient) {
  join_ended();
  const std::lock_guard lock(mutex_);
  if (draining_ || probes_.find(recipient)) return;
  if (!all_down() || trial_due()) enqueue(recipient);
}

/// Null when there are too many probes already.
std::shared_ptr<Probe> Destination::enqueue(const Address& recipient) {
  if (engine_.pending >= engine_.settings()->address_verify_pending_request_limit) return nullptr;
  ++engine_.pending;
  auto probe = probes_.add(recipient, engine_.services.clock.now());
  dispatch();
  return probe;
}

void Destination::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  probes_.wake_all();
}

void Destination::renew() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  for (const auto& slot : sessions_) slot->sleeper->wake();
}

bool Destination::idle() const {
  const std::lock_guard lock(mutex_);
  return sessions_.empty() && probes_.in_flight() == 0;
}

/// A yes without asking, when the server that would be asked first accepts everybody.
std::optional<ProbeResult> Destination::accepted_anyway(const Address& recipient) const {
  const SteadyTime now = engine_.services.clock.now();
  const auto lifetime = engine_.settings()->probe_catchall_time;
  for (const Endpoint& endpoint : endpoints_) {
    if (engine_.health.state(endpoint.key()) == Health::State::down) continue;
    if (!engine_.catchall.accepts_everything(endpoint.key(), recipient.domain(), now, lifetime))
      return std::nullopt;
    return befell(Verdict::deliverable, Stage::rcpt, endpoint,
                  "accepts every recipient in " + recipient.domain() + ", it is not asked about each");
  }
  return std::nullopt;
}

/// What Health::may_knock() will say, without using up the turn.
bool Destination::can_be_knocked_at(std::size_t endpoint) const {
  const auto retry_at = engine_.health.retry_at(endpoints_[endpoint].key());
  return !retry_at || *retry_at <= engine_.services.clock.now();
}

bool Destination::can_be_reached(std::size_t endpoint) const {
  for (const auto& slot : sessions_) {
    if (slot->endpoint == endpoint) return true;
    if (std::find(slot->knocking.begin(), slot->knocking.end(), endpoint) != slot->knocking.end())
      return true;
  }
  return can_be_knocked_at(endpoint);
}

bool Destination::all_down() const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (engine_.health.state(endpoints_[i].key()) != Health::State::down) return false;
  }
  return std::none_of(sessions_.begin(), sessions_.end(), [](const auto& slot) { return slot->endpoint; });
}

bool Destination::trial_due() const {
  const SteadyTime now = engine_.services.clock.now();
  return std::any_of(endpoints_.begin(), endpoints_.end(), [&](const Endpoint& endpoint) {
    const auto retry_at = engine_.health.retry_at(endpoint.key());
    return !retry_at || *retry_at <= now;
  });
}

ProbeResult Destination::down_result() const {
  const SteadyTime now = engine_.services.clock.now();
  std::string trouble = "is down";
  if (const auto retry_at = engine_.health.retry_at(endpoints_.front().key()); retry_at && *retry_at > now) {
    trouble +=
        fmt::format(", next trial in {} s", std::chrono::ceil<std::chrono::seconds>(*retry_at - now).count());
  }
  return befell(Verdict::unavailable, Stage::connect, endpoints_.front(), trouble);
}

/// Answers the queued probes that nobody is left to be asked about.
void Destination::sift() {
  for (const auto& probe : probes_.without_hope([this](std::size_t i) { return can_be_reached(i); })) {
    finish(probe, probe->unknown ? *probe->unknown : down_result());
  }
}

/// True when a queued probe can be taken by no session there is.
bool Destination::stranded() const {
  return probes_.stranded([this](std::size_t endpoint) {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [&](const auto& slot) { return slot->opening || slot->endpoint == endpoint; });
  });
}

std::size_t Destination::allowed_sessions() const {
  const auto limit = static_cast<std::size_t>(engine_.settings()->probe_session_limit);
  if (!allowance_ || engine_.services.clock.now() > allowance_until_) return limit;
  return std::min(limit, *allowance_);
}

/// Sees to it that somebody takes what is queued.
void Destination::dispatch() {
  if (stopping_) return;
  sift();
  if (probes_.queued() == 0) return;
  const auto settings = engine_.settings();
  std::size_t room = 0;
  for (const auto& slot : sessions_) {
    room += slot->opening ? static_cast<std::size_t>(settings->probe_session_window) : slot->room;
    if (!slot->opening) slot->sleeper->wake();
  }
  // While one session makes the trial of a primary that is down, another would find nobody to knock at, end,
  // and be launched again, as fast as threads can be made.
  const bool somebody_to_ask = probes_.wants([this](std::size_t i) { return can_be_knocked_at(i); });
  if (somebody_to_ask && (probes_.queued() > room || stranded()) && sessions_.size() < allowed_sessions())
    launch();
}

void Destination::launch() {
  auto slot = std::make_shared<Slot>();
  slot->generation = generation_;
  try {
    slot->sleeper = engine_.services.clock.sleeper();
    sessions_.push_back(slot);
    slot->thread = std::thread([this, slot] {
      std::string trouble;
      try {
        Session(engine_, *this, *slot).run();
      } catch (const std::exception& exception) {
        trouble = fmt::format("an SMTP session ended by: {}", exception.what());
      }
      const std::lock_guard lock(mutex_);
      if (!trouble.empty()) give_up(trouble);
      ended(slot);
    });
  } catch (const std::system_error& trouble) {
    sessions_.remove(slot);
    if (sessions_.empty()) give_up(fmt::format("no SMTP session can be started: {}", trouble.what()));
  }
}

/// Trouble of ours: whoever waits gets his answer, and nobody tries the same again in a loop.
void Destination::give_up(const std::string& why) {
  engine_.services.log.error(why);
  for (const auto& probe : probes_.take_all()) {
    finish(probe, {.verdict = Verdict::unavailable, .stage = Stage::connect, .why = why});
  }
}

void Destination::ended(const std::shared_ptr<Slot>& slot) {
  sessions_.remove(slot);
  ended_.push_back(slot);
  dispatch();
  slot->sleeper.reset();  // takes part until its successor does
}

void Destination::join_ended() {
  std::list<std::shared_ptr<Slot>> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(ended_);
  }
  for (const auto& slot : gone) slot->thread.join();
}

void Destination::finish(const std::shared_ptr<Probe>& probe, ProbeResult result) {
  --engine_.pending;
  probes_.finish(probe, std::move(result));
}

std::vector<std::size_t> Destination::candidates(Slot& slot) {
  const auto settings = engine_.settings();
  const SteadyTime now = engine_.services.clock.now();
  const std::lock_guard lock(mutex_);
  slot.knocking.clear();
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const bool wanted = probes_.wants([i](std::size_t endpoint) { return endpoint == i; });
    if (wanted && engine_.health.may_knock(endpoints_[i].key(), now, *settings)) slot.knocking.push_back(i);
  }
  sift();
  return slot.knocking;
}

void Destination::opened(Slot& slot, std::size_t endpoint, std::size_t room) {
  const std::lock_guard lock(mutex_);
  slot.endpoint = endpoint;
  slot.room = room;
  slot.opening = false;
  slot.knocking.clear();
  dispatch();
}

void Destination::unreachable(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(slot.knocking, endpoint);
    std::size_t standing = 0, knocking = 0;
    for (const auto& other : sessions_) {
      standing += other->endpoint == endpoint ? 1 : 0;
      knocking += std::count(other->knocking.begin(), other->knocking.end(), endpoint) > 0 ? 1 : 0;
    }
    if (standing + knocking > 0 && (result.stage == Stage::connect || result.stage == Stage::greeting)) {
      // Its limit, not its end. While nobody stands yet it is no more than a guess; the last to knock will
      // know.
      allowance_ = standing + knocking;
      allowance_until_ =
          engine_.services.clock.now() + (standing > 0 ? limit_lifetime : first_guess_lifetime);
      if (standing == 0) return;
      engine_.services.log.info(fmt::format("{} lets us have {} session(s): {}", endpoints_[endpoint].text(),
                                            *allowance_, result.why));
      return;
    }
  }
  // It may have given a verdict on us (refused, misrouted), or the DNS none on its key; only one that cannot
  // be asked is in bad health, for all domains at that address.
  if (result.verdict == Verdict::unavailable && result.stage != Stage::starttls) failed(endpoint, result.why);
  const std::lock_guard lock(mutex_);
  probes_.pass_over(endpoint, result);
  dispatch();
}

void Destination::failed(std::size_t endpoint, std::string_view why) {
  const SteadyTime now = engine_.services.clock.now();
  const auto settings = engine_.settings();
  const std::string key = endpoints_[endpoint].key();
  if (!engine_.health.failed(key, now, *settings)) return;
  engine_.services.log.warning(
      fmt::format("primary is down: {}; next trial in {} s", why, settings->primary_retry_time.count()));
}

void Destination::lost(std::size_t endpoint) {
  const std::lock_guard lock(mutex_);
  for (const auto& slot : sessions_) {
    if (slot->endpoint != endpoint) continue;
    slot->endpoint.reset();
    slot->room = 0;
    slot->sleeper->wake();
  }
}

std::shared_ptr<Probe> Destination::take(Slot& slot, std::size_t room) {
  const std::lock_guard lock(mutex_);
  if (!slot.endpoint) return nullptr;
  const bool has_closed = room == 0 && slot.room > 0;
  slot.room = room;
  if (has_closed) dispatch();  // somebody may have counted on that room
  if (room == 0 || stopping_) return nullptr;
  auto probe = probes_.take(*slot.endpoint);
  if (probe) slot.room = room - 1;
  return probe;
}

void Destination::land(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result,
                       bool slow) {
  const Services& services = engine_.services;
  if (slow) {
    failed(endpoint, fmt::format("{} (slower than a client waits)", result.why));
  } else if (result.code != 0 && engine_.health.alive(endpoints_[endpoint].key())) {
    services.log.warning(fmt::format("primary {} is back", endpoints_[endpoint].text()));
  }
  if (is_final(result.verdict)) {
    const std::string key = probe->recipient.key();
    AddressRecord record{
        .verdict = result.verdict, .code = result.code, .dsn = result.dsn, .words = result.words};
    record.asked = services.clock.wall();
    if (result.verdict == Verdict::deliverable) {
      record.last_yes = record.asked;
    } else if (const auto before = services.store.find(key)) {
      record.last_yes = before->last_yes;
    }
    services.store.put(key, record);
  }
  const std::lock_guard lock(mutex_);
  if (is_final(result.verdict)) {
    if (result.verdict == Verdict::deliverable) habits_[endpoint].alarm.clear();
    finish(probe, std::move(result));
    return;
  }
  probes_.go_on(probe, endpoint, std::move(result));
  dispatch();
}

void Destination::give_back(const std::vector<std::shared_ptr<Probe>>& probes) {
  const std::lock_guard lock(mutex_);
  probes_.give_back(probes);
  dispatch();
}

bool Destination::should_leave(const Slot& slot) const {
  const std::lock_guard lock(mutex_);
  if (stopping_ || !slot.endpoint || slot.generation != generation_) return true;
  return probes_.queued() > 0 && sessions_.size() >= allowed_sessions() && stranded();
}

bool Destination::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Destination::Habits Destination::habits(std::size_t endpoint) const {
  const std::lock_guard lock(mutex_);
  return habits_[endpoint];
}

void Destination::alarm(std::size_t endpoint, const ProbeResult& result) {
  // The words may bear a time or a session id: they do not make it another alarm.
  const auto kind = fmt::format("{} {} {}", to_string(result.stage), to_string(result.verdict), result.code);
  const SteadyTime now = engine_.services.clock.now();
  {
    const std::lock_guard lock(mutex_);
    bool said = habits_[endpoint].alarm == kind;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
      said = said || (endpoints_[i].host == endpoints_[endpoint].host && habits_[i].alarm == kind &&
                      now - habits_[i].alarmed <= one_trouble);
    }
    if (habits_[endpoint].alarm != kind) habits_[endpoint].alarmed = now;
    habits_[endpoint].alarm = kind;
    if (said) return;
  }
  engine_.services.log.warning(fmt::format("alarm: {}: {}", to_string(result.verdict), result.why));
}

}  // namespace fallbackmx
