#include "probe/control.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

namespace {

constexpr std::size_t most_entries = 50'000;

}  // namespace

Control::Entry& Control::touch(const ControlKey& key, SteadyTime now) {
  if (entries_.size() >= most_entries && !entries_.contains(key)) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.touched < b.second.touched;
    }));
  }
  Entry& entry = entries_[key];
  entry.touched = now;
  return entry;
}

bool Control::accepted(const ControlKey& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = touch(key, now);
  entry.last_yes = now;
  return std::exchange(entry.alarmed, false);
}

bool Control::refused(const ControlKey& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = touch(key, now);
  entry.last_yes = SteadyTime::min();
  return !std::exchange(entry.alarmed, true);
}

bool Control::proven(const ControlKey& key, SteadyTime now, std::chrono::seconds lifetime) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.last_yes == SteadyTime::min()) return false;
  return now - found->second.last_yes <= lifetime;
}

}  // namespace fallbackmx
