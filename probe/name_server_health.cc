#include "probe/name_server_health.h"

namespace fallbackmx {

namespace {

constexpr auto rest_after_silence = std::chrono::seconds(30);

}  // namespace

std::vector<NameServerHealth::Candidate> NameServerHealth::order(const std::vector<NameServer>& servers,
                                                                 bool rotate, SteadyTime now) {
  std::lock_guard lock(mutex_);
  std::vector<Candidate> candidates, resting;
  const std::size_t first = rotate ? turn_++ : 0;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const NameServer& server = servers[(first + i) % servers.size()];
    State& state = states_[server.text()];
    const bool trial = state.down && now >= state.trial_at;
    // Written before knocking: while this caller waits, the others do not.
    if (trial) state.trial_at = now + rest_after_silence;
    (state.down && !trial ? resting : candidates).push_back({server, state.down});
  }
  candidates.insert(candidates.end(), resting.begin(), resting.end());
  return candidates;
}

void NameServerHealth::answered(const NameServer& server, SteadyTime now) {
  std::lock_guard lock(mutex_);
  State& state = states_[server.text()];
  state.down = false;
  state.last_answer = now;
}

void NameServerHealth::silent(const NameServer& server, SteadyTime asked, SteadyTime now) {
  std::lock_guard lock(mutex_);
  State& state = states_[server.text()];
  if (state.last_answer >= asked) return;
  state.down = true;
  state.trial_at = now + rest_after_silence;
}

}  // namespace fallbackmx
