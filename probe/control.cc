#include "probe/control.h"

#include <utility>

namespace fallbackmx {

bool Control::accepted(const ControlKey& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.touch(key);
  entry.last_yes = now;
  return std::exchange(entry.alarmed, false);
}

bool Control::refused(const ControlKey& key) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.touch(key);
  entry.last_yes = SteadyTime::min();
  return !std::exchange(entry.alarmed, true);
}

bool Control::proven(const ControlKey& key, SteadyTime now, std::chrono::seconds lifetime) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(key);
  if (!entry || entry->last_yes == SteadyTime::min()) return false;
  return now - entry->last_yes <= lifetime;
}

}  // namespace fallbackmx
