#include "probe/smtp/connection_race.h"

#include <algorithm>
#include <string>

#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds longest_head_start = 1000ms, shortest_head_start = 250ms;

/// How long an endpoint has the field to itself (RFC 8305 section 8). One of worse preference waits longer: a
/// better MX that is merely far away is worth more than a near one that may be another fallback.
std::chrono::milliseconds head_start(const Endpoint& ahead, const Endpoint& behind) {
  return ahead.preference == behind.preference ? shortest_head_start : longest_head_start;
}

}  // namespace

ConnectionRace::ConnectionRace(Engine& engine, Destination& destination, Destination::Slot& slot,
                               const Settings& settings, std::vector<std::size_t>& candidates)
    : engine_(engine),
      destination_(destination),
      slot_(slot),
      settings_(settings),
      candidates_(candidates),
      begun_(engine.services.clock.now()),
      next_start_(begun_) {}

Task<std::optional<ConnectionRace::Runner>> ConnectionRace::run() {
  while (!destination_.stopping()) {
    const SteadyTime now = engine_.services.clock.now();
    if (!all_started() && now >= next_start_) start_next(now);
    if (auto winner = take_winner(now)) co_return winner;
    if (const auto failure = first_failure(now)) {
      drop_out(*failure);
      continue;
    }
    if (runners_.empty() && all_started()) co_return std::nullopt;
    fall_silent(now);
    co_await wait();
  }
  co_return std::nullopt;
}

void ConnectionRace::start_next(SteadyTime now) {
  if (!destination_.begin(slot_, candidates_[next_])) {
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(next_));
    return;
  }
  const Endpoint& endpoint = destination_.servers().endpoint(candidates_[next_]);
  engine_.services.log.debug(endpoint.text() + " is being connected to");
  runners_.push_back({candidates_[next_], engine_.services.streams.connect(endpoint), now});
  if (const std::string remark = runners_.back().stream->remark(); !remark.empty())
    engine_.warn_seldom(remark);
  if (++next_ < candidates_.size())
    next_start_ = now + (runners_.size() > 2
                             ? shortest_head_start
                             : head_start(endpoint, destination_.servers().endpoint(candidates_[next_])));
}

std::optional<ConnectionRace::Runner> ConnectionRace::take_winner(SteadyTime now) {
  for (Runner& runner : runners_) {
    if (runner.stream->connected().status != IoResult::Status::done) continue;
    blame_overtaken(runner.endpoint, now);
    engine_.services.log.debug(destination_.servers().endpoint(runner.endpoint).text() + " is connected");
    return std::move(runner);
  }
  return std::nullopt;
}

std::optional<ConnectionRace::Failure> ConnectionRace::first_failure(SteadyTime now) {
  for (const Runner& runner : runners_) {
    const IoResult result = runner.stream->connected();
    if (result.status != IoResult::Status::would_block)
      return Failure{runner.endpoint, result.why, false, result.ours, result.no_way};
    if (now >= runner.started + settings_.smtp_connect_timeout)
      return Failure{runner.endpoint, "no answer to the connection attempt", true};
  }
  return std::nullopt;
}

void ConnectionRace::drop_out(const Failure& failure) {
  std::erase_if(runners_, [&](const Runner& runner) { return runner.endpoint == failure.endpoint; });
  std::erase(candidates_, failure.endpoint);
  --next_;
  next_start_ = engine_.services.clock.now();  // nobody to give a head start to
  const Endpoint& server = destination_.servers().endpoint(failure.endpoint);
  // Our own trouble is no evidence about a server: neither that it is down nor that it has enough of us.
  const Verdict verdict = failure.ours ? Verdict::late : Verdict::unavailable;
  ProbeResult result = befell(verdict, Stage::connect, server, failure.why);
  result.silent = failure.silent || failure.ours || failure.no_way;
  result.ours = failure.ours || failure.no_way;
  if (failure.ours) engine_.warn_seldom(result.why);
  destination_.unreachable(slot_, failure.endpoint, result);
}

SteadyTime ConnectionRace::silent_at(const Runner& runner) const {
  if (runner.silent) return SteadyTime::max();
  const Servers& servers = destination_.servers();
  const SteadyTime own =
      runner.started + servers.client_patience(runner.endpoint, settings_.primary_silence_time);
  SteadyTime shared = begun_ + settings_.primary_silence_time;
  if (const auto ends = destination_.patience_ends()) shared = std::min(shared, *ends);
  return std::min(own, std::max(shared, runner.started + least_client_patience));
}

/// Those that clients have waited for in vain are down; the race goes on, for slow ones.
void ConnectionRace::fall_silent(SteadyTime now) {
  for (Runner& runner : runners_) {
    if (!all_started() || now < silent_at(runner)) continue;
    runner.silent = true;
    const auto waited = std::chrono::round<std::chrono::seconds>(now - runner.started).count();
    destination_.fell_silent(
        slot_, runner.endpoint,
        befell(Verdict::unavailable, Stage::connect, destination_.servers().endpoint(runner.endpoint),
               "no answer to the connection attempt for " + std::to_string(waited) + " s"));
  }
}

Task<> ConnectionRace::wait() {
  SteadyTime wake_at = all_started() ? SteadyTime::max() : next_start_;
  std::vector<Watch> watches;
  for (const Runner& runner : runners_) {
    wake_at = std::min<SteadyTime>(wake_at, runner.started + settings_.smtp_connect_timeout);
    if (all_started()) wake_at = std::min(wake_at, silent_at(runner));
    watches.push_back({&runner.stream->readiness(), true});
  }
  co_await slot_.place.until(wake_at, watches);
}

/// Whoever had the field to himself that long and was overtaken all the same would cost every session his
/// head start.
void ConnectionRace::blame_overtaken(std::size_t winner, SteadyTime now) {
  Servers& servers = destination_.servers();
  for (const Runner& runner : runners_) {
    if (runner.endpoint == winner || now - runner.started < longest_head_start) continue;
    const auto result = befell(Verdict::unavailable, Stage::connect, servers.endpoint(runner.endpoint),
                               "no answer while " + servers.endpoint(winner).text() + " connected");
    servers.failed(runner.endpoint, result.why, true);
  }
}

}  // namespace fallbackmx
