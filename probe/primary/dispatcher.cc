#include "probe/primary/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

namespace {

/// Kept back in one session, so that a burst of one client's questions delays nobody else's. Each session
/// gives it up as soon as another has more.
constexpr std::size_t room_for_the_few = 3;

}  // namespace

std::vector<std::shared_ptr<Probe>> Dispatcher::without_hope() {
  return probes_.without_hope([this](std::size_t endpoint) {
    return sessions_.standing(endpoint) + sessions_.knocking(endpoint) > 0 ||
           servers_.may_be_knocked_at(endpoint);
  });
}

bool Dispatcher::needs_a_session() const {
  // While one session makes the trial of a primary that is down, another would find nobody to knock at, end,
  // and be launched again, as fast as threads can be made.
  if (!probes_.wants([this](std::size_t endpoint) { return servers_.may_be_knocked_at(endpoint); }))
    return false;
  // One trial at a time, as long as it may still be answered.
  if (servers_.all_down() && sessions_.anybody_opening()) return false;
  const std::size_t room = sessions_.room(static_cast<std::size_t>(engine_.settings()->probe_session_window));
  const bool crowd = probes_.crowding() > 0 && probes_.crowding() + kept_room() > room;
  return (probes_.queued() > room || crowd || stranded()) &&
         sessions_.size() + (sessions_.trial_in_progress() && servers_.all_down() ? 1 : 0) <
             allowed_sessions();
}

/// True when a queued probe can be taken by no session there is.
bool Dispatcher::stranded() const {
  if (sessions_.anybody_opening()) return false;
  return probes_.stranded([this](std::size_t endpoint) { return sessions_.standing(endpoint) > 0; });
}

std::size_t Dispatcher::allowed_sessions() const {
  return allowance_.of(static_cast<std::size_t>(engine_.settings()->probe_session_limit),
                       engine_.services.clock.now());
}

/// For clients that ask for few at a time, while others may have another session.
std::size_t Dispatcher::kept_room() const { return allowed_sessions() > 1 ? room_for_the_few : 0; }

std::optional<std::size_t> Dispatcher::due_trial(bool recipient_came) const {
  // One at a time. A session that is opening may be about to try it; while all are down, what is queued does.
  if (sessions_.trial_in_progress() || sessions_.anybody_opening()) return std::nullopt;
  if (servers_.all_down() && (probes_.queued() > 0 || sessions_.size() >= allowed_sessions()))
    return std::nullopt;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const bool due = recipient_came ? servers_.may_be_knocked_at(i) : servers_.trial_scheduled(i);
    if (due && servers_.is_down(i)) return i;
  }
  return std::nullopt;
}

std::vector<std::size_t> Dispatcher::candidates(Slot& slot) {
  slot.knocking.clear();
  slot.begun.clear();
  bool any_up = false;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const bool wanted = probes_.wants([i](std::size_t endpoint) { return endpoint == i; });
    if (!wanted || !servers_.may_be_knocked_at(i)) continue;
    slot.knocking.push_back(i);
    any_up = any_up || !servers_.is_down(i);
  }
  // Nobody waits for the trial of one that is down while another can answer: that is made beside (due_trial).
  if (any_up) std::erase_if(slot.knocking, [this](std::size_t i) { return servers_.is_down(i); });
  return slot.knocking;
}

bool Dispatcher::begin(Slot& slot, std::size_t endpoint) {
  // Once more without TLS, for instance: that is the same trial.
  if (std::find(slot.begun.begin(), slot.begun.end(), endpoint) != slot.begun.end()) return true;
  if (!servers_.knock(endpoint)) {
    std::erase(slot.knocking, endpoint);
    return false;
  }
  slot.begun.push_back(endpoint);
  return true;
}

void Dispatcher::opened(Slot& slot, std::size_t endpoint, std::size_t room) {
  // One that was disabled meanwhile is left at once.
  if (!servers_.disabled(endpoint)) {
    slot.endpoint = endpoint;
    slot.room = room;
  }
  slot.opening = false;
  slot.knocking.clear();
}

bool Dispatcher::met_limit(Slot& slot, std::size_t endpoint, const ProbeResult& result) {
  std::erase(slot.knocking, endpoint);
  if (result.stage != Stage::connect && result.stage != Stage::greeting) return false;
  const std::size_t standing = sessions_.standing(endpoint);
  if (!allowance_.refused(
          {.standing = standing, .knocking = sessions_.knocking(endpoint), .silently = result.silent},
          engine_.services.clock.now())) {
    return false;
  }
  if (standing > 0 && !result.silent) {
    engine_.services.log.info(fmt::format("{} lets us have {} session(s): {}",
                                          servers_.endpoint(endpoint).text(), allowed_sessions(),
                                          result.why));
  }
  return true;
}

std::shared_ptr<Probe> Dispatcher::take(Slot& slot, std::size_t room) {
  if (!slot.endpoint) return nullptr;
  slot.room = room;
  if (room == 0) return nullptr;
  const bool kept = room <= room_for_the_few && room <= kept_room() && sessions_.has_most_room(slot);
  auto probe = probes_.take(*slot.endpoint, kept);
  if (probe) slot.room = room - 1;
  return probe;
}

bool Dispatcher::needs_a_place() const {
  return probes_.queued() > 0 && sessions_.size() >= allowed_sessions() && stranded();
}

}  // namespace fallbackmx
