#include "probe/health.h"

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr std::chrono::minutes longest_interval{10};
constexpr std::size_t most_entries = 20'000;

}  // namespace

// Several fallback MXs that saw the same outage begin must not knock in step: up to a tenth earlier.
std::chrono::milliseconds Health::with_jitter(std::chrono::milliseconds interval) {
  const auto tenth = interval.count() / 10;
  return interval - std::chrono::milliseconds(std::uniform_int_distribution<long>(0, tenth)(random_));
}

Health::State Health::state(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return State::up;
  return found->second.interval.count() > 0 ? State::down : State::suspect;
}

std::optional<SteadyTime> Health::retry_at(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end() || found->second.interval.count() == 0) return std::nullopt;
  return found->second.retry_at;
}

bool Health::may_knock(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end() || found->second.interval.count() == 0) return true;
  Entry& entry = found->second;
  if (now < entry.retry_at) return false;
  const std::chrono::milliseconds longest =
      std::max<std::chrono::milliseconds>(longest_interval, settings.primary_retry_time);
  entry.interval = std::min(entry.interval * 2, longest);
  entry.retry_at = now + with_jitter(entry.interval);
  return true;
}

bool Health::alive(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return false;
  const bool was_down = found->second.interval.count() > 0;
  entries_.erase(found);
  return was_down;
}

bool Health::failed(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_entries && !entries_.contains(endpoint)) entries_.erase(entries_.begin());
  Entry& entry = entries_[endpoint];
  ++entry.failures;
  if (entry.interval.count() > 0 || entry.failures < settings.primary_down_after) return false;
  entry.interval = settings.primary_retry_time;
  entry.retry_at = now + with_jitter(entry.interval);
  return true;
}

}  // namespace fallbackmx
