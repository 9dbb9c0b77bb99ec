#include "probe/catchall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace fallbackmx {

namespace {

constexpr std::size_t most_entries = 50'000;

}  // namespace

bool Catchall::claim(const std::string& server, const std::string& domain, SteadyTime now,
                     std::chrono::seconds lifetime) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({server, domain});
  if (found != entries_.end()) {
    if (now - found->second.claimed <= lifetime) return false;
    found->second.claimed = now;
    return true;
  }
  if (entries_.size() >= most_entries) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.claimed < b.second.claimed;
    }));
  }
  entries_[{server, domain}] = {now, false};
  return true;
}

bool Catchall::learned(const std::string& server, const std::string& domain, bool accepts_everything) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({server, domain});
  if (found == entries_.end()) return false;
  return std::exchange(found->second.everything, accepts_everything) != accepts_everything;
}

bool Catchall::accepts_everything(const std::string& server, const std::string& domain, SteadyTime now,
                                  std::chrono::seconds lifetime) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({server, domain});
  return found != entries_.end() && found->second.everything && now - found->second.claimed <= lifetime;
}

std::string impossible_local_part() {
  std::random_device device;
  const auto number = (static_cast<std::uint64_t>(device()) << 32) | device();
  return fmt::format("fallbackmx-test-{:016x}", number);
}

}  // namespace fallbackmx
