#include "test/soak/weather.h"

#include <algorithm>

namespace fallbackmx::soak {

void Weather::begin(const std::string& domain, Time now) {
  const std::lock_guard lock(mutex_);
  Days& days = domains_[domain];
  if (days.past.empty() || days.past.back().settled <= now) days.past.push_back({now, Time::max()});
  days.past.back().began = std::min(days.past.back().began, now);
  days.past.back().settled = Time::max();
  ++days.troubles;
}

void Weather::end(const std::string& domain, Time now) {
  const std::lock_guard lock(mutex_);
  Days& days = domains_[domain];
  if (--days.troubles > 0) return;
  Trouble& last = days.past.back();
  last.settled = now + (now - last.began) * 11 / 10 + slack_;
}

void Weather::lose_users(const std::string& domain, Time now) {
  const std::lock_guard lock(mutex_);
  domains_[domain].losses.push_back(now);
}

bool Weather::lost_users(const std::string& domain, Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  const auto days = domains_.find(domain);
  return days != domains_.end() && std::any_of(days->second.losses.begin(), days->second.losses.end(),
                                               [&](Time each) { return from <= each && each <= to; });
}

bool Weather::askable(const std::string& domain, Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  const auto days = domains_.find(domain);
  if (days == domains_.end()) return true;
  return std::none_of(days->second.past.begin(), days->second.past.end(),
                      [&](const Trouble& each) { return each.began <= to && from < each.settled; });
}

Weather::Waits Weather::waits(const std::vector<Wait>& all) const {
  const std::lock_guard lock(mutex_);
  Waits waits;
  for (const auto& [domain, days] : domains_) {
    for (const Trouble& trouble : days.past) {
      ++waits.troubles;
      waits.with_a_wait += std::any_of(all.begin(), all.end(), [&](const Wait& each) {
        return each.domain == domain && trouble.began <= each.to && each.from < trouble.settled;
      });
    }
  }
  return waits;
}

Clock::duration Weather::askable_time(const std::string& domain, Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  Clock::duration time = to - from;
  const auto days = domains_.find(domain);
  if (days == domains_.end()) return time;
  for (const auto& each : days->second.past) {
    time -= std::max(std::min(each.settled, to) - std::max(each.began, from), Clock::duration::zero());
  }
  return time;
}

}  // namespace fallbackmx::soak
