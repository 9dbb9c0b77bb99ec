#include "probe/primary/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "probe/base/metrics.h"
#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

/// A trial asks about a recipient that could not be asked about, if one came lately: later its domain may
/// lead somewhere else.
constexpr std::chrono::minutes unanswered_lifetime{10};
constexpr std::size_t most_unanswered = 4;
/// As long as an MTA keeps mail that it cannot deliver: nobody has to know any longer whether a server is
/// back.
constexpr std::chrono::hours trials_lifetime{5 * 24};

/// What was said at an address that is past its time, perhaps by a stranger: a yes counts, and a no that a
/// real recipient has proven. Anything else says nothing about the primary, but that it could not be asked.
ProbeResult at_stale_address(ProbeResult result) {
  if (result.verdict == Verdict::unavailable) return result;
  result.stale = true;
  if (is_final(result.verdict)) return result;
  result.verdict = Verdict::unavailable;
  result.why += "; the DNS gives no answer now, and the address may be another server's by now";
  return result;
}

}  // namespace

Destination::Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
                         std::optional<std::string> sender)
    : engine_(engine),
      servers_(engine, std::move(endpoints), std::move(policies), std::move(sender)),
      probes_(servers_.size(), engine.pending) {}

void Destination::ask(const Request& request, std::shared_ptr<Waiter> waiter) {
  servers_.listen();
  if (draining_) return waiter->answer({});
  last_asked_ = engine_.services.clock.now();
  if (auto anyway = request.insist ? std::nullopt : servers_.accepted_anyway(request.recipient)) {
    try_others(true);
    return waiter->answer({.result = std::move(anyway), .source = Source::memory});
  }
  std::shared_ptr<Probe> probe = probes_.find(request.recipient);
  if (servers_.all_down()) {
    // No client waits for a dead primary; this very probe may be its trial.
    const bool due = !probe && servers_.trial_due();
    waiter->answer({.result = servers_.down(),
                    .source = Source::none,
                    .holds_until = due ? SteadyTime() : servers_.may_be_tried_at().value_or(SteadyTime())});
    note_unanswered(request.recipient);
    if (!due || !enqueue(request)) plan_trial();
    return;
  }
  if (probe) {
    if (probes_.join(probe, request.client)) dispatch();
    return wait_for(*probe, request, std::move(waiter), Source::shared_probe);
  }
  probe = enqueue(request);
  if (probe) return wait_for(*probe, request, std::move(waiter), Source::probe);
  const auto limit = engine_.settings()->address_verify_pending_request_limit;
  waiter->answer({.result = ProbeResult{
                      .verdict = Verdict::late,
                      .stage = Stage::connect,
                      .why = fmt::format(
                          "{} probes are waiting already (address_verify_pending_request_limit)", limit)}});
}

/// Until there is an answer, or the deadline. Where nothing at all was said about recipients while a client
/// waited for so long, the next ones wait for a second, until something is.
void Destination::wait_for(Probe& probe, const Request& request, std::shared_ptr<Waiter> waiter,
                           Source source) {
  if (probe.result || probe.meanwhile)
    return waiter->answer({probe.result ? probe.result : probe.meanwhile, source});
  const SteadyTime now = engine_.services.clock.now();
  const bool briefly = late_ && !probe.client.empty();  // else no client waits for it
  const SteadyTime until =
      briefly ? std::min(request.deadline, now + least_client_patience) : request.deadline;
  const auto waiting =
      probe.waiters.emplace(probe.waiters.end(), std::move(waiter), now, request.deadline, source);
  try {
    waiting->leaves.emplace(engine_.loop, until, [this, &probe, waiting] { leave(probe, waiting); });
  } catch (...) {
    probe.waiters.erase(waiting);
    throw;
  }
}

/// It has waited for as long as it may.
void Destination::leave(Probe& probe, std::list<Probe::Waiting>::iterator waiting) {
  const SteadyTime since = waiting->since;
  waited_since(since);
  waiting->waiter->answer({std::nullopt, waiting->source});
  probe.waiters.erase(waiting);
  if (late_ || last_landed_ >= since) return;
  late_ = true;
  probes_.hurry(least_client_patience, engine_.services.clock.now());
}

/// Null when there are too many probes already.
std::shared_ptr<Probe> Destination::enqueue(const Request& request) {
  if (probes_.full_for(request.client, engine_.settings()->address_verify_pending_request_limit))
    return nullptr;
  auto probe =
      probes_.add(request.recipient, request.client, engine_.services.clock.now(), request.remembered);
  dispatch(true);
  return probe;
}

void Destination::drain() {
  draining_ = true;
  probes_.dismiss_waiters();
}

void Destination::stop() {
  stopping_ = true;
  drain();
  sessions_.wake_all();
}

void Destination::renew() {
  ++generation_;
  sessions_.wake_all();
}

void Destination::look_at_health() {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_.disabled(i)) sessions_.dismiss(i);
  }
  dispatch();
}

bool Destination::idle() const { return sessions_.empty() && probes_.in_flight() == 0; }

std::vector<PrimaryState> Destination::look() const {
  std::vector<PrimaryState> states = servers_.look();
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].sessions = sessions_.standing(i);
    states[i].opening = sessions_.knocking(i);
  }
  return states;
}

Activity::Sessions Destination::sessions() const { return sessions_.activity(); }

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
    if (dispatcher_.needs_a_session()) launch();
  }
  try_others(recipient_came);
}

/// Sees to it that a server that no probe needs is found again after an outage.
void Destination::try_others(bool recipient_came) {
  if (stopping_ || draining_) return;
  const auto server = dispatcher_.due_trial(recipient_came);
  if (server && !ask_once_more()) launch(server);
  plan_trial();
}

/// While all are down, a recipient that could not be asked about makes the best trial: RCPT may be what its
/// server does not answer.
bool Destination::ask_once_more() {
  const bool lately = engine_.services.clock.now() - last_asked_ < unanswered_lifetime;
  if (!lately || !servers_.all_down()) return false;
  const auto free = std::find_if(unanswered_.begin(), unanswered_.end(),
                                 [this](const Address& each) { return !probes_.find(each); });
  if (free != unanswered_.end())
    return enqueue({.recipient = *free, .client = {}, .deadline = {}}) != nullptr;
  // All of them are being asked about, and it is RCPT that gets no reply.
  return sessions_.anybody_standing();
}

void Destination::note_unanswered(const Address& recipient) {
  std::erase_if(unanswered_, [&](const Address& each) { return each.key() == recipient.key(); });
  if (unanswered_.size() >= most_unanswered) unanswered_.pop_back();
  unanswered_.push_front(recipient);
}

/// Trials are made whether anybody asks or not. What is due and cannot be made now, because a session is
/// about to, is looked at again when that ends.
void Destination::plan_trial() {
  const SteadyTime now = engine_.services.clock.now();
  next_trial_.reset();
  if (stopping_ || draining_ || now - last_asked_ > trials_lifetime) return;
  const auto at = servers_.next_trial();
  if (at && *at > now) next_trial_.emplace(engine_.loop, *at, [this] { dispatch(); });
}

/// What a client has waited counts for the outage that it turns out to be.
void Destination::waited_since(SteadyTime begin) {
  longest_wait_ = std::max(longest_wait_, engine_.services.clock.now() - begin);
  servers_.waited(longest_wait_);
}

/// One more session, or the trial of a server that is down. One that cannot be started, or ends with an
/// exception, is trouble of ours that no client may have to wait for: what is queued is given up, and nothing
/// tries the same again in a loop. While another session is there, it takes what is queued.
void Destination::launch(std::optional<std::size_t> trial) noexcept {
  std::shared_ptr<Slot> slot;
  try {
    slot = sessions_.add(engine_.loop, generation_, trial);
    engine_.loop.start(attend(slot));
  } catch (const std::exception& trouble) {
    if (slot) sessions_.remove(slot);
    if (sessions_.empty()) give_up("no SMTP session can be started", trouble.what());
  }
}

/// A session from its beginning to its end.
Task<> Destination::attend(std::shared_ptr<Slot> slot) {
  try {
    co_await engine_.run_session(*this, *slot);
  } catch (const std::exception& trouble) {
    give_up("an SMTP session ended", trouble.what());
  }
  sessions_.remove(slot);
  engine_.session_ended.wake();
  try {
    dispatch();
  } catch (const std::exception& trouble) {
    give_up("no SMTP session can be started", trouble.what());
  }
}

/// Trouble of ours: clients that wait get their answer.
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
  // Before its clients hear it: what they do next may be to look.
  try {
    engine_.services.metrics.count(Counter::probes, {to_string(result.verdict)});
  } catch (const std::exception&) {  // no memory for a number
  }
  if (result.verdict == Verdict::unavailable) {
    if (!probe->waiters.empty()) waited_since(probe->waiters.front().since);
    note_unanswered(probe->recipient);
  }
  probes_.finish(probe, std::move(result));
}

std::vector<std::size_t> Destination::candidates(Slot& slot) {
  auto endpoints = dispatcher_.candidates(slot);
  sift();
  return endpoints;
}

bool Destination::begin(Slot& slot, std::size_t endpoint) { return dispatcher_.begin(slot, endpoint); }

void Destination::connected(Slot& slot, std::size_t endpoint) { slot.connected = endpoint; }

void Destination::opened(Slot& slot, std::size_t endpoint, std::size_t room) {
  dispatcher_.opened(slot, endpoint, room);
  probes_.take_back_told();
  dispatch();
}

void Destination::unreachable(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  engine_.services.log.debug(fmt::format("{}: that means: {}", result.why, to_string(result.verdict)));
  if (dispatcher_.met_limit(slot, endpoint, result)) return;
  // It may have given a verdict on us (refused, misrouted), or the DNS none on its key; only one that cannot
  // be asked is in bad health, for all domains at that address.
  if (result.verdict == Verdict::unavailable && result.ours) {
    servers_.out_of_reach(endpoint);
  } else if (result.verdict == Verdict::unavailable && result.stage != Stage::starttls) {
    servers_.failed(endpoint, result.why, result.silent);
    servers_.waited(longest_wait_);
  }
  probes_.pass_over(endpoint, servers_.endpoint(endpoint).stale ? at_stale_address(result) : result);
  dispatch();
}

bool Destination::fell_silent(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  servers_.failed(endpoint, result.why, true);
  slot.silent = true;
  sessions_.hush(endpoint);
  const bool nobody_left = servers_.all_down();
  if (nobody_left) {
    if (const auto since = probes_.waiting_since()) waited_since(*since);
    probes_.tell_waiters(result);
  }
  dispatch();
  return !nobody_left;
}

std::optional<SteadyTime> Destination::patience_ends() const {
  const auto since = probes_.oldest_queued(servers_.any_down());
  if (!since) return std::nullopt;
  return *since + servers_.shared_patience();
}

void Destination::spoke_again(Slot& slot) {
  if (std::exchange(slot.silent, false)) probes_.take_back_told();
}

void Destination::lost(std::size_t endpoint) { sessions_.dismiss(endpoint); }

std::shared_ptr<Probe> Destination::take(Slot& slot, std::size_t room) {
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
  if (servers_.endpoint(endpoint).stale)
    result = at_stale_address(std::move(result));
  else
    remember(*probe, result);
  // Behind the record: what is asked about now has not been asked about by the trial.
  if (back) engine_.primary_is_back();
  if (result.code != 0) {
    last_landed_ = services.clock.now();
    longest_wait_ = {};
    late_ = false;
  }
  if (is_final(result.verdict)) {
    // Nobody hears it any more: it serves the recipient's next attempt.
    if (result.verdict == Verdict::undeliverable && probe->waiters.empty() && !result.stale)
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
    services.store.put(probe.key, as_record(result, engine_.recall(probe), services.clock.wall()));
    engine_.known_rejections.forget(probe.key);
  } else if (result.verdict == Verdict::refused && result.stage == Stage::rcpt) {
    const auto record = engine_.recall(probe);
    if (record && record->verdict == Verdict::deliverable)
      engine_.known_rejections.refused(probe.key, services.clock.now());
  }
}

void Destination::tried_well(std::size_t endpoint) {
  if (servers_.spoke(endpoint)) engine_.primary_is_back();
  dispatch();
}

void Destination::give_back(const std::vector<std::shared_ptr<Probe>>& probes) {
  probes_.give_back(probes);
  dispatch();
}

bool Destination::should_leave(const Slot& slot) const {
  if (stopping_ || !slot.endpoint || slot.generation != generation_) return true;
  return dispatcher_.needs_a_place();
}

}  // namespace fallbackmx
