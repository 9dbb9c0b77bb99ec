#include "probe/health.h"

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr std::chrono::minutes longest_interval{10};

}  // namespace

// Several fallback MXs that saw the same outage begin must not knock in step: up to a tenth earlier.
std::chrono::milliseconds Health::with_jitter(std::chrono::milliseconds interval) {
  const auto tenth = interval.count() / 10;
  return interval - std::chrono::milliseconds(std::uniform_int_distribution<long>(0, tenth)(random_));
}

Health::State Health::state(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(endpoint);
  if (!entry) return State::up;
  return entry->down() ? State::down : State::suspect;
}

std::optional<SteadyTime> Health::retry_at(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down()) return std::nullopt;
  return entry->retry_at;
}

bool Health::may_knock(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  const std::lock_guard lock(mutex_);
  Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down()) return true;
  if (now < entry->retry_at) return false;
  const std::chrono::milliseconds longest =
      std::max<std::chrono::milliseconds>(longest_interval, settings.primary_retry_time);
  entry->interval = std::min(entry->interval * 2, longest);
  entry->retry_at = now + with_jitter(entry->interval);
  return true;
}

bool Health::alive(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(endpoint);
  if (!entry) return false;
  const bool was_down = entry->down();
  entries_.erase(endpoint);
  return was_down;
}

bool Health::failed(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.touch(endpoint);
  ++entry.failures;
  if (entry.down() || entry.failures < settings.primary_down_after) return false;
  entry.interval = settings.primary_retry_time;
  entry.retry_at = now + with_jitter(entry.interval);
  return true;
}

}  // namespace fallbackmx
