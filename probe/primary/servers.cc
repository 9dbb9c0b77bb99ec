#include "probe/primary/servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "probe/base/metrics.h"
#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

constexpr std::chrono::seconds tell_slack{5};

std::string in_seconds(SteadyTime::duration time) {
  return fmt::format("{:.1f}", std::chrono::duration<double>(time).count());
}

}  // namespace

Servers::Servers(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
                 std::optional<std::string> sender)
    : engine_(engine),
      endpoints_(std::move(endpoints)),
      policies_(std::move(policies)),
      sender_(std::move(sender)),
      habits_(endpoints_.size()),
      facts_(endpoints_.size(), {.up_since = engine.services.clock.now()}),
      out_of_reach_until_(endpoints_.size(), SteadyTime::min()),
      written_(endpoints_.size()) {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) recall(i);
}

/// What was learned before this destination was made.
void Servers::recall(std::size_t server) {
  const ServerNote* note = engine_.server_notes.find(endpoints_[server].key());
  if (note == nullptr) return;
  habits_[server] = note->habits;
  // Learned of another sender, or for a destination with one of its own.
  if (sender_ || note->refused_sender != habits_[server].first_sender(*engine_.settings()))
    habits_[server].fallback_sender = false;
  if (note->down) facts_[server].trouble = note->down->why;
}

Health::Cost Servers::cost(std::size_t server, const Health::Trouble& trouble) const {
  Health::Cost all = trouble.cost;
  all.unverified += engine_.unverified.of(endpoints_[server].key());
  return all;
}

/// For the next life of the process, and for other destinations with the same server. `anew`: though it
/// has not changed.
void Servers::write_down(std::size_t server, bool anew) {
  if (endpoints_[server].stale) return;  // somebody else may be there
  const Clock& clock = engine_.services.clock;
  const std::string key = endpoints_[server].key();
  ServerNote note{.down = {}, .habits = habits_[server]};
  if (const auto trouble = engine_.health.trouble(key);
      trouble && trouble->state == Health::State::down && !engine_.health.disabled(key))
    note.down = {.since = trouble->since, .cost = cost(server, *trouble), .why = facts_[server].trouble};
  note.habits.fallback_sender = note.habits.fallback_sender && !sender_;
  if (note.habits.fallback_sender) note.refused_sender = note.habits.first_sender(*engine_.settings());
  const std::string text = note.text(clock.now(), clock.wall());
  if (text == written_[server] && !anew) return;
  written_[server] = text;
  engine_.services.store.note(ServerNote::key_of(key), text.empty() ? std::nullopt : std::optional(text),
                              clock.wall());
  if (text.empty())
    engine_.server_notes.erase(key);
  else
    engine_.server_notes.touch(key) = std::move(note);
}

void Servers::out_of_reach(std::size_t server) {
  out_of_reach_until_[server] = engine_.services.clock.now() + engine_.settings()->primary_retry_time;
}

bool Servers::within_reach(std::size_t server) const {
  return engine_.services.clock.now() >= out_of_reach_until_[server];
}

bool Servers::knock(std::size_t server) {
  return within_reach(server) && engine_.health.may_knock(endpoints_[server].key(),
                                                          engine_.services.clock.now(), *engine_.settings());
}

bool Servers::may_be_knocked_at(std::size_t server) const {
  if (!within_reach(server)) return false;
  const auto retry_at = engine_.health.may_retry_at(endpoints_[server].key());
  return !retry_at || *retry_at <= engine_.services.clock.now();
}

bool Servers::trial_scheduled(std::size_t server) const {
  const auto retry_at = engine_.health.retry_at(endpoints_[server].key());
  return retry_at && *retry_at <= engine_.services.clock.now() && within_reach(server);
}

bool Servers::disabled(std::size_t server) const { return engine_.health.disabled(endpoints_[server].key()); }

bool Servers::is_down(std::size_t server) const {
  return !within_reach(server) || engine_.health.state(endpoints_[server].key()) == Health::State::down;
}

bool Servers::all_down() const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (!is_down(i)) return false;
  }
  return true;
}

bool Servers::any_down() const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (is_down(i)) return true;
  }
  return false;
}

std::chrono::seconds Servers::client_patience(std::size_t server, std::chrono::seconds timeout) const {
  const bool flaps = engine_.health.was_down_lately(endpoints_[server].key(), engine_.services.clock.now());
  return std::min(timeout, flaps ? least_client_patience : engine_.settings()->primary_silence_time);
}

std::chrono::seconds Servers::reply_patience(std::size_t server, std::chrono::seconds timeout) const {
  const std::chrono::seconds patience = client_patience(server, timeout);
  return another_is_up(server) ? std::min(patience, patience_beside_another) : patience;
}

void Servers::answered(std::size_t server, SteadyTime at, bool pipelined) {
  habits_[server].answered_at = at;
  if (pipelined) habits_[server].answered_pipelined_at = at;
}

std::chrono::seconds Servers::shared_patience() const {
  const auto silence = engine_.settings()->primary_silence_time;
  return endpoints_.size() > 1 && another_is_up(0) && !is_down(0) ? std::min(silence, patience_beside_another)
                                                                  : silence;
}

bool Servers::another_is_up(std::size_t server) const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (i != server && within_reach(i) && engine_.health.state(endpoints_[i].key()) == Health::State::up)
      return true;
  }
  return false;
}

std::chrono::milliseconds Servers::greeting_patience(std::size_t server, std::chrono::seconds timeout) const {
  const std::chrono::milliseconds patience = reply_patience(server, timeout),
                                  known = habits_[server].greeting_took;
  if (known.count() == 0 || known > longest_greeting_delay) return patience;
  return std::max<std::chrono::milliseconds>(patience, known + least_client_patience);
}

void Servers::greeted(std::size_t server, SteadyTime::duration took) {
  const auto delay = std::chrono::round<std::chrono::milliseconds>(took);
  const auto known = delay < std::chrono::seconds(1) ? std::chrono::milliseconds(0) : delay;
  if (known == habits_[server].greeting_took) return;
  change_habits(server, [&](Habits& habits) { habits.greeting_took = known; });
}

bool Servers::trial_due() const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (may_be_knocked_at(i)) return true;
  }
  return false;
}

std::optional<SteadyTime> Servers::next_trial() const {
  return earliest([this](const std::string& key) { return engine_.health.retry_at(key); });
}

std::optional<SteadyTime> Servers::may_be_tried_at() const {
  return earliest([this](const std::string& key) { return engine_.health.may_retry_at(key); });
}

template <class At>
std::optional<SteadyTime> Servers::earliest(At at) const {
  std::optional<SteadyTime> first;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (disabled(i)) continue;
    if (const auto when = at(endpoints_[i].key())) {
      const SteadyTime then = std::max(*when, out_of_reach_until_[i]);
      first = first ? std::min(*first, then) : then;
    }
  }
  return first;
}

void Servers::waited(SteadyTime::duration wait) {
  if (wait <= SteadyTime::duration::zero()) return;
  for (const Endpoint& endpoint : endpoints_) engine_.health.waited(endpoint.key(), wait);
}

ProbeResult Servers::down() const {
  const SteadyTime now = engine_.services.clock.now();
  std::string trouble = within_reach(0) ? "is down" : "cannot be reached from this machine";
  if (disabled(0)) {
    trouble = "is disabled: an operator wants it not to be asked";
  } else if (const auto retry_at = engine_.health.retry_at(endpoints_.front().key());
             retry_at && *retry_at > now) {
    trouble +=
        fmt::format(", next trial in {} s", std::chrono::ceil<std::chrono::seconds>(*retry_at - now).count());
  }
  return befell(Verdict::unavailable, Stage::connect, endpoints_.front(), trouble);
}

std::optional<ProbeResult> Servers::accepted_anyway(const Address& recipient) const {
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

void Servers::listen() {
  const auto settings = engine_.settings();
  const SteadyTime now = engine_.services.clock.now();
  for (const Endpoint& endpoint : endpoints_) {
    const std::string key = endpoint.key();
    const auto word = engine_.services.store.heard(key);
    if (!word) continue;
    if (word->up ? engine_.health.said_to_be_up(key, now)
                 : engine_.health.said_to_be_down(key, now, *settings)) {
      engine_.services.log.warning(fmt::format("primary {} is {}, says {}; it is tried at once",
                                               endpoint.text(), word->up ? "up" : "down", word->words));
    }
  }
}

void Servers::failed(std::size_t server, std::string_view why, bool at_once) {
  const auto settings = engine_.settings();
  facts_[server].trouble = why;
  const SteadyTime now = engine_.services.clock.now();
  const std::string key = endpoints_[server].key();
  const bool news = engine_.health.failed(key, now, *settings, at_once);
  const auto retry_at = engine_.health.retry_at(key);
  if (!retry_at) return;
  const auto left =
      std::max(std::chrono::ceil<std::chrono::seconds>(*retry_at - now), std::chrono::seconds(0));
  // Until our next trial, and a little longer.
  engine_.services.store.tell(key, {.up = false, .words = std::string(why)}, left + tell_slack);
  write_down(server, true);
  if (!news) return;
  ++engine_.news;
  LogLine line(fmt::format("primary is down: {}; next trial in {} s", why, left.count()));
  engine_.services.log.warning(line.put("event", "primary-down").put("primary", endpoints_[server].text()));
}

bool Servers::spoke(std::size_t server) {
  const std::string key = endpoints_[server].key();
  engine_.services.store.tell(key, {.up = true}, engine_.settings()->primary_retry_time);
  auto outage = engine_.health.alive(key, engine_.services.clock.now());
  if (!outage) return false;
  ++engine_.news;
  outage->cost.unverified += engine_.unverified.take(key);
  write_down(server);
  facts_[server].up_since = engine_.services.clock.now();
  const std::string name = endpoints_[server].text();
  LogLine line(fmt::format("primary {} is back", name));
  line.put("event", "primary-up").put("primary", name).put_number("seconds", in_seconds(outage->length));
  line.put("unverified", outage->cost.unverified);
  line.put_number("longest_wait", in_seconds(outage->cost.longest_wait));
  engine_.services.log.warning(line);
  return true;
}

void Servers::alarm(std::size_t server, const ProbeResult& result) {
  if (endpoints_[server].stale) return;  // it may be a stranger's, and nothing is there to be mended
  // The words may bear a time or a session id: they do not make it another alarm.
  const auto kind = fmt::format("{} {} {}", to_string(result.stage), to_string(result.verdict), result.code);
  engine_.services.metrics.count(Counter::alarms, {to_string(result.verdict)});
  std::size_t held_back = 0;
  facts_[server].alarm = result.why;
  if (!is_news(habits_, endpoints_, server, kind, engine_.services.clock.now())) return;
  held_back = std::exchange(habits_[server].held_back, 0);
  LogLine line(fmt::format("alarm: {}: {}", to_string(result.verdict), result.why));
  if (held_back > 0) line.put("suppressed", held_back);
  engine_.services.log.warning(line);
}

void Servers::is_well(std::size_t server) { habits_[server].alarm.clear(); }

void Servers::stands(std::size_t server, std::string_view tls) { facts_[server].tls = tls; }

void Servers::replied(std::size_t server, SteadyTime::duration took, bool yes) {
  const SteadyTime now = engine_.services.clock.now();
  ServerFacts& facts = facts_[server];
  facts.replied(now, took);
  if (!yes) return;
  facts.last_yes = now;
  facts.alarm.clear();
}

std::vector<PrimaryState> Servers::look() const {
  const Clock& clock = engine_.services.clock;
  const SteadyTime now = clock.now();
  const WallTime wall = clock.wall();
  const auto on_the_wall = [&](SteadyTime at) {
    return wall + std::chrono::duration_cast<WallTime::duration>(at - now);
  };
  std::vector<PrimaryState> states;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const auto trouble = engine_.health.trouble(endpoints_[i].key());
    const ServerFacts& facts = facts_[i];
    PrimaryState state{.server = endpoints_[i].text(),
                       .key = endpoints_[i].key(),
                       .next_hop = endpoints_[i].next_hop,
                       .state = trouble ? trouble->state : Health::State::up,
                       .since = on_the_wall(trouble ? trouble->since : facts.up_since)};
    state.disabled = trouble && trouble->retry_at == SteadyTime::max();
    if (state.state == Health::State::down && !state.disabled)
      state.next_trial = on_the_wall(trouble->retry_at);
    if (state.state == Health::State::down && !state.disabled)
      state.last_trial = on_the_wall(trouble->tried_at);
    if (trouble) state.cost = cost(i, *trouble);
    if (trouble) state.trouble = facts.trouble;
    state.round_trip = facts.round_trip;
    state.tls = facts.tls;
    if (facts.last_reply) state.last_reply = on_the_wall(*facts.last_reply);
    if (facts.last_yes) state.last_yes = on_the_wall(*facts.last_yes);
    state.alarm = facts.alarm;
    states.push_back(std::move(state));
  }
  return states;
}

std::string Servers::probe_sender(std::size_t server, const Settings& settings,
                                  const Address& recipient) const {
  Habits habits = habits_[server];
  if (!habits.fallback_sender && refuse_first_sender_.size() > 0)
    habits.fallback_sender = refuse_first_sender_.find({server, recipient.key()}) != nullptr;
  return habits.probe_sender(settings, sender_);
}

void Servers::accepted_under(std::size_t server, const Settings& settings, const Address& recipient,
                             const std::string& sender) {
  const Habits& habits = habits_[server];
  if (sender == habits.first_sender(settings, sender_)) {
    if (!habits.takes_first_sender)
      change_habits(server, [](Habits& each) { each.takes_first_sender = true; });
    refuse_first_sender_.erase({server, recipient.key()});
  } else if (habits.takes_first_sender) {
    refuse_first_sender_.touch({server, recipient.key()}) = true;
  } else {
    change_habits(server, [](Habits& each) { each.fallback_sender = true; });
  }
}

Habits Servers::habits(std::size_t server) const { return habits_[server]; }

}  // namespace fallbackmx
