#include "probe/primary/primary_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fallbackmx {

namespace {

void absorb(PrimaryState& state, const PrimaryState& other) {
  state.sessions += other.sessions;
  state.opening += other.opening;
  state.since = std::max(state.since, other.since);
  if (other.last_reply > state.last_reply) {
    state.last_reply = other.last_reply;
    state.round_trip = other.round_trip;
  }
  state.last_yes = std::max(state.last_yes, other.last_yes);
  if (state.tls.empty()) state.tls = other.tls;
  if (state.trouble.empty()) state.trouble = other.trouble;
  if (state.alarm.empty()) state.alarm = other.alarm;
}

}  // namespace

std::vector<PrimaryState> merged(std::vector<PrimaryState> all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.server < b.server; });
  std::vector<PrimaryState> once;
  for (PrimaryState& state : all) {
    if (!once.empty() && once.back().server == state.server) {
      absorb(once.back(), state);
    } else {
      once.push_back(std::move(state));
    }
  }
  return once;
}

}  // namespace fallbackmx
