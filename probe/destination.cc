#include "probe/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "probe/metrics.h"
#include "probe/session.h"

namespace fallbackmx {

namespace {

/// Kept back in one session, so that a burst of one client's questions delays nobody else's. Each session
/// gives it up as soon as another has more.
constexpr std::size_t room_for_the_few = 3;

}  // namespace

Destination::Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
                         std::optional<std::string> sender)
    : engine_(engine),
      servers_(engine, std::move(endpoints), std::move(policies), std::move(sender)),
      probes_(servers_.size()) {}

Destination::~Destination() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = draining_ = true;
    sessions_.wake_all();
  }
  // No session is launched any more.
  for (;;) {
    std::shared_ptr<Slot> slot;
    {
      const std::lock_guard lock(mutex_);
      slot = sessions_.next_to_join();
    }
    if (!slot) break;
    if (slot->thread.joinable()) slot->thread.join();
  }
  engine_.pending -= static_cast<int>(probes_.in_flight());
}

Destination::Answer Destination::ask(const Address& recipient, const std::string& client, SteadyTime deadline,
                                     bool insist) {
  join_ended();
  servers_.listen();
  {
    const std::lock_guard lock(mutex_);
    if (auto anyway = insist ? std::nullopt : servers_.accepted_anyway(recipient))
      return {.result = std::move(anyway), .source = Source::memory};
    if (all_down()) {
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
  bool in_time = true;
  while (!probe->result && !draining_ && in_time) {
    lock.unlock();
    in_time = sleeper->sleep_until(deadline);
    lock.lock();
  }
  --engine_.waiting;
  std::erase(probe->waiters, sleeper.get());
  return {.result = probe->result, .source = shared ? Source::shared_probe : Source::probe};
}

/// Null when there are too many probes already.
std::shared_ptr<Probe> Destination::enqueue(const Address& recipient, const std::string& client) {
  if (too_many(client)) return nullptr;
  auto probe = probes_.add(recipient, client, engine_.services.clock.now());
  ++engine_.pending;
  dispatch();
  return probe;
}

/// One client alone may take up half of what may wait.
bool Destination::too_many(const std::string& client) const {
  const int limit = engine_.settings()->address_verify_pending_request_limit;
  return engine_.pending >= limit || probes_.in_flight(client) >= static_cast<std::size_t>(limit + 1) / 2;
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

bool Destination::can_be_reached(std::size_t endpoint) const {
  return sessions_.standing(endpoint) + sessions_.knocking(endpoint) > 0 ||
         servers_.may_be_knocked_at(endpoint);
}

bool Destination::all_down() const { return !sessions_.anybody_standing() && servers_.all_down(); }

/// Answers the queued probes that nobody is left to be asked about.
void Destination::sift() {
  for (const auto& probe : probes_.without_hope([this](std::size_t i) { return can_be_reached(i); })) {
    finish(probe, probe->unknown ? *probe->unknown : servers_.down());
  }
}

/// True when a queued probe can be taken by no session there is.
bool Destination::stranded() const {
  if (sessions_.anybody_opening()) return false;
  return probes_.stranded([this](std::size_t endpoint) { return sessions_.standing(endpoint) > 0; });
}

std::size_t Destination::allowed_sessions() const {
  return allowance_.of(static_cast<std::size_t>(engine_.settings()->probe_session_limit),
                       engine_.services.clock.now());
}

/// For clients that ask for few at a time, while others may have another session.
std::size_t Destination::kept_room() const { return allowed_sessions() > 1 ? room_for_the_few : 0; }

/// Sees to it that somebody takes what is queued.
void Destination::dispatch() {
  if (stopping_) return;
  sift();
  if (probes_.queued() == 0) return;
  sessions_.wake_those_with_room();
  const std::size_t room = sessions_.room(static_cast<std::size_t>(engine_.settings()->probe_session_window));
  // While one session makes the trial of a primary that is down, another would find nobody to knock at, end,
  // and be launched again, as fast as threads can be made.
  const bool somebody_to_ask = probes_.wants([this](std::size_t i) { return servers_.may_be_knocked_at(i); });
  const bool crowd = probes_.crowding() > 0 && probes_.crowding() + kept_room() > room;
  if (somebody_to_ask && (probes_.queued() > room || crowd || stranded()) &&
      sessions_.size() < allowed_sessions())
    launch();
}

void Destination::launch() {
  std::shared_ptr<Slot> slot;
  try {
    slot = sessions_.add(engine_.services.clock.sleeper(), generation_);
    slot->thread = std::thread([this, slot] { attend(slot); });
  } catch (const std::exception& trouble) {
    if (slot) sessions_.remove(slot);
    if (sessions_.empty()) give_up("no SMTP session can be started", trouble.what());
  }
}

/// A session, from its beginning to its end, in its thread.
void Destination::attend(const std::shared_ptr<Slot>& slot) noexcept {
  std::array<char, 100> trouble{};
  try {
    Session(engine_, *this, *slot).run();
  } catch (const std::exception& exception) {
    std::string_view(exception.what()).copy(trouble.data(), trouble.size() - 1);
  }
  const std::lock_guard lock(mutex_);
  if (trouble.front() != '\0') give_up("an SMTP session ended", trouble.data());
  ended(slot);
}

/// Trouble of ours: whoever waits gets his answer, and nobody tries the same again in a loop.
void Destination::give_up(std::string_view what, std::string_view why) noexcept {
  try {
    const std::string all = fmt::format("{}: {}", what, why);
    engine_.services.log.error(all);
    for (const auto& probe : probes_.take_all())
      finish(probe, {.verdict = Verdict::late, .stage = Stage::connect, .why = all});
  } catch (const std::exception&) {  // those are finished as well, with fewer words
  }
  const std::size_t before = probes_.in_flight();
  probes_.finish_lost(Verdict::late, "out of memory");
  engine_.pending -= static_cast<int>(before - probes_.in_flight());
}

void Destination::ended(const std::shared_ptr<Slot>& slot) noexcept {
  sessions_.retire(slot);
  try {
    dispatch();
  } catch (const std::exception& trouble) {
    give_up("no SMTP session can be started", trouble.what());
  }
  slot->sleeper.reset();  // takes part until its successor does
}

void Destination::join_ended() {
  Roster::Slots gone;
  {
    const std::lock_guard lock(mutex_);
    gone = sessions_.take_retired();
  }
  for (const auto& slot : gone) slot->thread.join();
}

void Destination::finish(const std::shared_ptr<Probe>& probe, ProbeResult result) {
  const Verdict verdict = result.verdict;
  --engine_.pending;
  probes_.finish(probe, std::move(result));
  engine_.services.metrics.count(Counter::probes, {to_string(verdict)});
}

std::vector<std::size_t> Destination::candidates(Slot& slot) {
  const std::lock_guard lock(mutex_);
  slot.knocking.clear();
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const bool wanted = probes_.wants([i](std::size_t endpoint) { return endpoint == i; });
    if (wanted && servers_.knock(i)) slot.knocking.push_back(i);
  }
  sift();
  return slot.knocking;
}

void Destination::opened(Slot& slot, std::size_t endpoint, std::size_t room) {
  const std::lock_guard lock(mutex_);
  // One that was disabled meanwhile is left at once.
  if (!servers_.disabled(endpoint)) {
    slot.endpoint = endpoint;
    slot.room = room;
  }
  slot.opening = false;
  slot.knocking.clear();
  dispatch();
}

void Destination::unreachable(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  engine_.services.log.debug(fmt::format("{}: that means: {}", result.why, to_string(result.verdict)));
  {
    const std::lock_guard lock(mutex_);
    std::erase(slot.knocking, endpoint);
    const std::size_t standing = sessions_.standing(endpoint);
    const bool early = result.stage == Stage::connect || result.stage == Stage::greeting;
    if (early &&
        allowance_.refused(
            {.standing = standing, .knocking = sessions_.knocking(endpoint), .silently = result.silent},
            engine_.services.clock.now())) {
      if (standing > 0 && !result.silent) {
        engine_.services.log.info(fmt::format("{} lets us have {} session(s): {}",
                                              servers_.endpoint(endpoint).text(), allowed_sessions(),
                                              result.why));
      }
      return;
    }
  }
  // It may have given a verdict on us (refused, misrouted), or the DNS none on its key; only one that cannot
  // be asked is in bad health, for all domains at that address.
  if (result.verdict == Verdict::unavailable && result.stage != Stage::starttls)
    servers_.failed(endpoint, result.why);
  const std::lock_guard lock(mutex_);
  probes_.pass_over(endpoint, result);
  dispatch();
}

void Destination::lost(std::size_t endpoint) {
  const std::lock_guard lock(mutex_);
  sessions_.dismiss(endpoint);
}

std::shared_ptr<Probe> Destination::take(Slot& slot, std::size_t room) {
  const std::lock_guard lock(mutex_);
  if (!slot.endpoint) return nullptr;
  const bool has_closed = room == 0 && slot.room > 0;
  slot.room = room;
  if (has_closed) dispatch();  // somebody may have counted on that room
  if (room == 0 || stopping_) return nullptr;
  const bool kept = room <= room_for_the_few && room <= kept_room() && sessions_.has_most_room(slot);
  auto probe = probes_.take(*slot.endpoint, kept);
  if (probe) slot.room = room - 1;
  return probe;
}

void Destination::land(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result,
                       bool slow) {
  const Services& services = engine_.services;
  const bool back = !slow && result.code != 0 && servers_.spoke(endpoint);
  if (slow) servers_.failed(endpoint, fmt::format("{} (slower than a client waits)", result.why));
  if (result.verdict == Verdict::deliverable) servers_.is_well(endpoint);
  if (is_final(result.verdict)) {
    services.store.put(probe->key, as_record(result, services.store.find(probe->key), services.clock.wall()));
  }
  // Behind the record: whoever is asked about now has not been asked about by the trial.
  if (back) engine_.primary_is_back();
  const std::lock_guard lock(mutex_);
  if (is_final(result.verdict)) {
    return finish(probe, std::move(result));
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

}  // namespace fallbackmx
