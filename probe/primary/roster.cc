#include "probe/primary/roster.h"

#include <algorithm>

namespace fallbackmx {

std::shared_ptr<Roster::Slot> Roster::add(Loop& loop, unsigned generation, std::optional<std::size_t> trial) {
  auto slot = std::make_shared<Slot>(loop);
  slot->generation = generation;
  slot->trial = trial;
  sessions_.push_back(slot);
  return slot;
}

Activity::Sessions Roster::activity() const {
  Activity::Sessions count;
  for (const auto& slot : sessions_) {
    const bool open = slot->endpoint && slot->room > 0;
    ++(slot->opening ? count.opening : open ? count.open : count.full);
  }
  return count;
}

std::size_t Roster::size() const {
  return static_cast<std::size_t>(
      std::count_if(sessions_.begin(), sessions_.end(), [](const auto& slot) { return !slot->trial; }));
}

bool Roster::anybody_opening() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& slot) { return slot->opening && !slot->trial && !slot->silent; });
}

bool Roster::trial_in_progress() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& slot) { return slot->trial.has_value(); });
}

bool Roster::anybody_standing() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& slot) { return slot->endpoint.has_value() && !slot->silent; });
}

std::size_t Roster::standing(std::size_t endpoint) const {
  return static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(), [&](const auto& slot) { return slot->endpoint == endpoint; }));
}

std::size_t Roster::knocking(std::size_t endpoint) const {
  return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& slot) {
    return std::find(slot->knocking.begin(), slot->knocking.end(), endpoint) != slot->knocking.end();
  }));
}

std::size_t Roster::room(std::size_t each) const {
  std::size_t room = 0;
  for (const auto& slot : sessions_) {
    if (!slot->trial && !slot->silent) room += slot->opening ? each : slot->room;
  }
  return room;
}

bool Roster::has_most_room(const Slot& slot) const {
  const Slot* most = &slot;
  for (const auto& other : sessions_) {
    if (other->endpoint == slot.endpoint && other->room >= most->room) most = other.get();
  }
  return most == &slot;
}

void Roster::wake_those_with_room() {
  for (const auto& slot : sessions_) {
    if (!slot->opening && slot->room > 0) slot->place.wake();
  }
}

void Roster::wake_all() {
  for (const auto& slot : sessions_) slot->place.wake();
}

void Roster::hush(std::size_t endpoint) {
  for (const auto& slot : sessions_)
    slot->silent = slot->silent || (slot->opening && slot->connected == endpoint);
}

void Roster::dismiss(std::size_t endpoint) {
  for (const auto& slot : sessions_) {
    if (slot->endpoint != endpoint) continue;
    slot->endpoint.reset();
    slot->room = 0;
    slot->place.wake();
  }
}

}  // namespace fallbackmx
