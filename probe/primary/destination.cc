#include "probe/primary/destination.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "probe/base/metrics.h"
#include "probe/primary/silence.h"

namespace fallbackmx {

Destination::Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
                         std::optional<std::string> sender)
    : engine_(engine),
      servers_(engine, std::move(endpoints), std::move(policies), std::move(sender)),
      probes_(servers_.size(), engine.pending),
      threads_(engine.services.clock, mutex_, sessions_,
               {.serve = [this](Slot& slot) { engine_.run_session(*this, slot); },
                .relieve = [this] { dispatch(); },
                .give_up = [this](std::string_view what, std::string_view why) { give_up(what, why); }}) {}

Destination::~Destination() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = draining_ = true;
    sessions_.wake_all();
  }
  threads_.join_all();
}

Destination::Answer Destination::ask(const Address& recipient, const std::string& client, SteadyTime deadline,
                                     bool insist) {
  threads_.join_ended();
  servers_.listen();
  {
    const std::lock_guard lock(mutex_);
    if (auto anyway = insist ? std::nullopt : servers_.accepted_anyway(recipient)) {
      try_others(true);
      return {.result = std::move(anyway), .source = Source::memory};
    }
    // Sessions that still stand with one that is down, and have heard nothing, are no reason to wait.
    if (dispatcher_.all_down() || (late_ && servers_.all_down())) {
      // Nobody waits for a dead primary; this very probe may be its trial.
      if (servers_.trial_due() && !draining_ && !probes_.find(recipient)) enqueue(recipient, client);
      return {.result = servers_.down(), .source = Source::none};
    }
  }
  const std::unique_ptr<Sleeper> sleeper = engine_.services.clock.sleeper();
  std::unique_lock lock(mutex_);
  std::shared_ptr<Probe> probe = probes_.find(recipient);
  const bool shared = probe != nullptr;
  if (shared) {
    if (probes_.join(probe, client)) dispatch();
  } else {
    probe = enqueue(recipient, client);
  }
  if (!probe) {
    const auto limit = engine_.settings()->address_verify_pending_request_limit;
    return {.result = ProbeResult{
                .verdict = Verdict::late,
                .stage = Stage::connect,
                .why = fmt::format("{} probes are waiting already (address_verify_pending_request_limit)",
                                   limit)}};
  }
  probe->waiters.push_back(sleeper.get());
  ++engine_.waiting;
  wait(*probe, *sleeper, lock, deadline);
  --engine_.waiting;
  std::erase(probe->waiters, sleeper.get());
  return {.result = probe->result ? probe->result : probe->meanwhile,
          .source = shared ? Source::shared_probe : Source::probe};
}

/// Until there is an answer, or the deadline. Where nothing at all was said about recipients while a client
/// waited for so long, the next ones wait for a second, until something is.
void Destination::wait(const Probe& probe, Sleeper& sleeper, std::unique_lock<std::mutex>& lock,
                       SteadyTime deadline) {
  const SteadyTime began = engine_.services.clock.now();
  while (!probe.result && !probe.meanwhile && !draining_) {
    const bool briefly = late_ && !probe.client.empty();  // else it is asked in nobody's time
    const SteadyTime until = briefly ? std::min(deadline, began + least_client_patience) : deadline;
    lock.unlock();
    const bool woken = sleeper.sleep_until(until);
    lock.lock();
    if (woken || until > engine_.services.clock.now()) continue;
    if (probe.result || probe.meanwhile) return;
    if (!late_ && last_landed_ < began) {
      late_ = true;
      probes_.wake_all();
    }
    return;
  }
}

/// Null when there are too many probes already.
std::shared_ptr<Probe> Destination::enqueue(const Address& recipient, const std::string& client) {
  if (probes_.full_for(client, engine_.settings()->address_verify_pending_request_limit)) return nullptr;
  auto probe = probes_.add(recipient, client, engine_.services.clock.now());
  dispatch(true);
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
  sessions_.wake_all();
}

void Destination::look_at_health() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_.disabled(i)) sessions_.dismiss(i);
  }
  dispatch();
}

bool Destination::idle() const {
  const std::lock_guard lock(mutex_);
  return sessions_.empty() && probes_.in_flight() == 0;
}

std::vector<PrimaryState> Destination::look() const {
  std::vector<PrimaryState> states = servers_.look();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].sessions = sessions_.standing(i);
    states[i].opening = sessions_.knocking(i);
  }
  return states;
}

Activity::Sessions Destination::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.activity();
}

/// Answers the queued probes that nobody is left to be asked about.
void Destination::sift() {
  for (const auto& probe : dispatcher_.without_hope())
    finish(probe, probe->unknown ? *probe->unknown : servers_.down());
}

/// Sees to it that somebody takes what is queued.
void Destination::dispatch(bool recipient_came) {
  if (stopping_) return;
  sift();
  if (probes_.queued() > 0) {
    sessions_.wake_those_with_room();
    if (dispatcher_.needs_a_session()) threads_.launch(generation_);
  }
  try_others(recipient_came);
}

/// Sees to it that a server that no probe needs is found again after an outage.
void Destination::try_others(bool recipient_came) {
  if (stopping_ || draining_) return;
  if (const auto server = dispatcher_.due_trial(recipient_came)) threads_.launch(generation_, server);
}

/// Trouble of ours: whoever waits gets his answer.
void Destination::give_up(std::string_view what, std::string_view why) noexcept {
  try {
    const std::string all = fmt::format("{}: {}", what, why);
    engine_.services.log.error(all);
    for (const auto& probe : probes_.take_all())
      finish(probe, {.verdict = Verdict::late, .stage = Stage::connect, .why = all});
  } catch (const std::exception&) {  // those are finished as well, with fewer words
  }
  probes_.finish_lost(Verdict::late, "out of memory");
}

void Destination::finish(const std::shared_ptr<Probe>& probe, ProbeResult result) {
  const Verdict verdict = result.verdict;
  probes_.finish(probe, std::move(result));
  engine_.services.metrics.count(Counter::probes, {to_string(verdict)});
}

std::vector<std::size_t> Destination::candidates(Slot& slot) {
  const std::lock_guard lock(mutex_);
  auto endpoints = dispatcher_.candidates(slot);
  sift();
  return endpoints;
}

bool Destination::begin(Slot& slot, std::size_t endpoint) {
  const std::lock_guard lock(mutex_);
  return dispatcher_.begin(slot, endpoint);
}

void Destination::connected(Slot& slot, std::size_t endpoint) {
  const std::lock_guard lock(mutex_);
  slot.connected = endpoint;
}

void Destination::opened(Slot& slot, std::size_t endpoint, std::size_t room) {
  const std::lock_guard lock(mutex_);
  dispatcher_.opened(slot, endpoint, room);
  probes_.take_back_told();
  dispatch();
}

void Destination::unreachable(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  engine_.services.log.debug(fmt::format("{}: that means: {}", result.why, to_string(result.verdict)));
  {
    const std::lock_guard lock(mutex_);
    if (dispatcher_.met_limit(slot, endpoint, result)) return;
  }
  // It may have given a verdict on us (refused, misrouted), or the DNS none on its key; only one that cannot
  // be asked is in bad health, for all domains at that address.
  if (result.verdict == Verdict::unavailable && result.ours) {
    servers_.out_of_reach(endpoint);
  } else if (result.verdict == Verdict::unavailable && result.stage != Stage::starttls) {
    servers_.failed(endpoint, result.why);
  }
  const std::lock_guard lock(mutex_);
  probes_.pass_over(endpoint, result);
  dispatch();
}

bool Destination::fell_silent(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  servers_.failed(endpoint, result.why, true);
  const std::lock_guard lock(mutex_);
  slot.silent = true;
  sessions_.hush(endpoint);
  const bool nobody_left = dispatcher_.all_down();
  if (nobody_left) probes_.tell_waiters(result);
  dispatch();
  return !nobody_left;
}

std::optional<SteadyTime> Destination::patience_ends() const {
  const std::lock_guard lock(mutex_);
  if (!servers_.any_down()) return std::nullopt;
  const auto since = probes_.oldest_queued();
  if (!since) return std::nullopt;
  return *since + engine_.settings()->primary_silence_time;
}

void Destination::spoke_again(Slot& slot) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(slot.silent, false)) probes_.take_back_told();
}

void Destination::lost(std::size_t endpoint) {
  const std::lock_guard lock(mutex_);
  sessions_.dismiss(endpoint);
}

std::shared_ptr<Probe> Destination::take(Slot& slot, std::size_t room) {
  const std::lock_guard lock(mutex_);
  const bool has_closed = room == 0 && slot.room > 0;
  auto probe = dispatcher_.take(slot, stopping_ ? 0 : room);
  if (has_closed) dispatch();  // somebody may have counted on that room
  return probe;
}

void Destination::land(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result,
                       bool slow) {
  const Services& services = engine_.services;
  const bool back = !slow && result.code != 0 && servers_.spoke(endpoint);
  if (slow) servers_.failed(endpoint, fmt::format("{} (slower than a client waits)", result.why));
  if (result.verdict == Verdict::deliverable) servers_.is_well(endpoint);
  remember(*probe, result);
  // Behind the record: whoever is asked about now has not been asked about by the trial.
  if (back) engine_.primary_is_back();
  const std::lock_guard lock(mutex_);
  if (result.code != 0) {
    last_landed_ = services.clock.now();
    late_ = false;
  }
  if (is_final(result.verdict)) {
    // Nobody hears it any more: it serves the recipient's next attempt.
    if (result.verdict == Verdict::undeliverable && probe->waiters.empty())
      engine_.unheard_rejections.add(probe->key, services.clock.now());
    else
      engine_.unheard_rejections.forget(probe->key);
    return finish(probe, std::move(result));
  }
  probes_.go_on(probe, endpoint, std::move(result));
  dispatch();
}

/// Final verdicts go to the store. A recipient that is remembered to exist is in doubt while it is refused.
void Destination::remember(const Probe& probe, const ProbeResult& result) {
  const Services& services = engine_.services;
  if (is_final(result.verdict)) {
    services.store.put(probe.key, as_record(result, services.store.find(probe.key), services.clock.wall()));
    engine_.known_rejections.forget(probe.key);
  } else if (result.verdict == Verdict::refused && result.stage == Stage::rcpt) {
    const auto record = services.store.find(probe.key);
    if (record && record->verdict == Verdict::deliverable)
      engine_.known_rejections.refused(probe.key, services.clock.now());
  }
}

void Destination::tried_well(std::size_t endpoint) {
  if (servers_.spoke(endpoint)) engine_.primary_is_back();
  const std::lock_guard lock(mutex_);
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
  return dispatcher_.needs_a_place();
}

}  // namespace fallbackmx
