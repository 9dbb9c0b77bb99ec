#include "probe/session_allowance.h"

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr std::chrono::seconds lifetime{3600};
/// While nobody stands yet it is no more than a guess; the last one to knock will know.
constexpr std::chrono::seconds lifetime_of_guess{10};

}  // namespace

std::size_t SessionAllowance::of(std::size_t limit, SteadyTime now) const {
  return most_ && now <= until_ ? std::min(limit, *most_) : limit;
}

bool SessionAllowance::refused(std::size_t standing, std::size_t knocking, SteadyTime now) {
  if (standing + knocking == 0) return false;
  most_ = standing + knocking;
  until_ = now + (standing > 0 ? lifetime : lifetime_of_guess);
  return true;
}

}  // namespace fallbackmx
