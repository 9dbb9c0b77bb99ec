#include "probe/primary/health.h"

#include <algorithm>
#include <array>

namespace fallbackmx {

namespace {

/// From one trial to the next.
std::chrono::milliseconds distance(SteadyTime::duration down_for, const Settings& settings) {
  const auto half = std::chrono::floor<std::chrono::milliseconds>(down_for / 2) + std::chrono::seconds(1);
  return std::min<std::chrono::milliseconds>(half, settings.primary_retry_time);
}

constexpr std::chrono::hours deafness{1};
constexpr std::chrono::minutes flapping_time{1};

}  // namespace

std::string_view to_string(Health::State state) {
  static constexpr std::array<std::string_view, 3> names = {"up", "suspect", "down"};
  return names[static_cast<std::size_t>(state)];
}

// Several fallback MXs that saw the same outage begin must not knock in step: up to a tenth earlier.
std::chrono::milliseconds Health::with_jitter(std::chrono::milliseconds interval) {
  const auto tenth = interval.count() / 10;
  return interval - std::chrono::milliseconds(std::uniform_int_distribution<long>(0, tenth)(random_));
}

Health::State Health::state(const std::string& endpoint) const {
  if (disabled_.contains(endpoint)) return State::down;
  const Entry* entry = entries_.find(endpoint);
  if (!entry) return State::up;
  return entry->down ? State::down : State::suspect;
}

std::optional<SteadyTime> Health::retry_at(const std::string& endpoint) const {
  if (disabled_.contains(endpoint)) return SteadyTime::max();
  const Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down) return std::nullopt;
  return entry->retry_at;
}

std::optional<SteadyTime> Health::may_retry_at(const std::string& endpoint) const {
  if (disabled_.contains(endpoint)) return SteadyTime::max();
  const Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down) return std::nullopt;
  return entry->may_retry_at();
}

bool Health::was_down_lately(const std::string& endpoint, SteadyTime now) const {
  const Spoken* spoken = spoken_.find(endpoint);
  return spoken != nullptr && now < spoken->was_down_until;
}

std::optional<Health::Trouble> Health::trouble(const std::string& endpoint) const {
  if (const auto found = disabled_.find(endpoint); found != disabled_.end())
    return Trouble{State::down, found->second, SteadyTime::max(), found->second, {}};
  const Entry* entry = entries_.find(endpoint);
  if (!entry) return std::nullopt;
  return Trouble{entry->down ? State::down : State::suspect, entry->since, entry->retry_at, entry->knocked_at,
                 entry->cost};
}

bool Health::may_knock(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  if (disabled_.contains(endpoint)) return false;
  Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down) return true;
  if (now < entry->may_retry_at()) return false;
  entry->retry_at = now + with_jitter(distance(now - entry->since, settings));
  entry->knocked_at = now;
  return true;
}

std::optional<Health::Outage> Health::alive(const std::string& endpoint, SteadyTime now) {
  Spoken& spoken = spoken_.touch(endpoint);
  spoken.at = now;
  const Entry* entry = entries_.find(endpoint);
  if (!entry) return std::nullopt;
  if (entry->hearsay) spoken.deaf_until = now + deafness;
  const bool was_down = entry->down;
  if (was_down && !entry->hearsay) spoken.was_down_until = now + flapping_time;
  const Outage outage{now - entry->since, entry->cost};
  entries_.erase(endpoint);
  if (!was_down || disabled_.contains(endpoint)) return std::nullopt;
  return outage;
}

void Health::waited(const std::string& endpoint, SteadyTime::duration wait) {
  if (Entry* entry = entries_.find(endpoint))
    entry->cost.longest_wait = std::max(entry->cost.longest_wait, wait);
}

bool Health::failed(const std::string& endpoint, SteadyTime now, const Settings& settings, bool at_once) {
  Entry& entry = entries_.touch(endpoint);
  if (++entry.failures == 1) entry.since = now;
  entry.hearsay = false;
  if (entry.down || (!at_once && entry.failures < settings.primary_down_after)) return false;
  entry.since = now;
  entry.down = true;
  entry.retry_at = now + with_jitter(distance({}, settings));
  entry.knocked_at = now;
  return true;
}

bool Health::was_down_before(const std::string& endpoint, SteadyTime since, const Cost& cost,
                             SteadyTime now) {
  if (entries_.find(endpoint) != nullptr || spoken_.find(endpoint) != nullptr) return false;
  Entry& entry = entries_.touch(endpoint);
  entry.since = since;
  entry.cost = cost;
  entry.failures = 1;
  entry.down = true;
  entry.retry_at = now;
  return true;
}

bool Health::said_to_be_down(const std::string& endpoint, SteadyTime now, const Settings& settings) {
  const Spoken* spoken = spoken_.find(endpoint);
  if (spoken && (now - spoken->at <= settings.primary_retry_time || now < spoken->deaf_until)) return false;
  Entry& entry = entries_.touch(endpoint);
  if (entry.down) return false;
  entry.hearsay = true;
  entry.since = now;
  entry.down = true;
  entry.retry_at = now;
  return true;
}

bool Health::said_to_be_up(const std::string& endpoint, SteadyTime now) {
  Entry* entry = entries_.find(endpoint);
  if (!entry || !entry->down || entry->retry_at <= now) return false;
  if (now - entry->knocked_at < trial_distance) return false;
  entry->retry_at = now;
  return true;
}

void Health::disable(const std::string& endpoint, SteadyTime now) { disabled_.try_emplace(endpoint, now); }

void Health::enable(const std::string& endpoint) { disabled_.erase(endpoint); }

bool Health::disabled(const std::string& endpoint) const { return disabled_.contains(endpoint); }

void Health::reset(const std::string& endpoint) { entries_.erase(endpoint); }

}  // namespace fallbackmx
