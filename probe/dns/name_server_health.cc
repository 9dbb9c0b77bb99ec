#include "probe/dns/name_server_health.h"

namespace fallbackmx {

namespace {

constexpr auto rest_after_silence = std::chrono::seconds(30);
constexpr auto without_edns_for = std::chrono::minutes(15);
constexpr int silences_to_be_sure = 2;

}  // namespace

std::vector<NameServerHealth::Candidate> NameServerHealth::order(const std::vector<NameServer>& servers,
                                                                 bool rotate, SteadyTime now) {
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
  State& state = states_[server.text()];
  state.down = false;
  state.last_answer = now;
}

void NameServerHealth::silent(const NameServer& server, SteadyTime asked, SteadyTime now) {
  State& state = states_[server.text()];
  if (state.last_answer >= asked) return;
  state.down = true;
  state.edns_known = false;  // perhaps somebody has put a firewall before it
  state.trial_at = now + rest_after_silence;
}

NameServerHealth::Edns NameServerHealth::edns(const NameServer& server, SteadyTime now) {
  const State& state = states_[server.text()];
  if (now < state.plain_until) return Edns::not_answered;
  return state.edns_known ? Edns::answered : Edns::unknown;
}

void NameServerHealth::answered_edns(const NameServer& server) {
  State& state = states_[server.text()];
  state.edns_known = true;
  state.edns_silences = 0;
}

bool NameServerHealth::answered_only_plain(const NameServer& server, bool silently, SteadyTime now) {
  State& state = states_[server.text()];
  if (silently && ++state.edns_silences < silences_to_be_sure) return false;
  const bool news = now >= state.plain_until;
  state.plain_until = now + without_edns_for;
  return news;
}

}  // namespace fallbackmx
