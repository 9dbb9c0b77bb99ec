#include "test/soak/users.h"

namespace fallbackmx::soak {
namespace {

/// Longer than a question waits, and than a primary takes to say no.
constexpr auto probe_under_way = std::chrono::seconds(30);

}  // namespace

void Users::create(const std::string& address, Time now) {
  const std::lock_guard lock(mutex_);
  lives_.insert({address, {now, std::nullopt}});
}

void Users::remove(const std::string& address, Time now) {
  const std::lock_guard lock(mutex_);
  const auto life = lives_.find(address);
  if (life != lives_.end()) life->second.died = now;
}

bool Users::exists(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto life = lives_.find(address);
  return life != lives_.end() && !life->second.died;
}

Standing Users::standing(const std::string& address, Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  const auto life = lives_.find(address);
  if (life == lives_.end() || life->second.born > to) return Standing::never;
  if (life->second.died || life->second.born + probe_under_way > from) return Standing::changing;
  return Standing::exists;
}

}  // namespace fallbackmx::soak
