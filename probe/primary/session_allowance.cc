#include "probe/primary/session_allowance.h"

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr std::chrono::seconds lifetime{3600};
/// While nobody stands yet, or nothing is said, it is no more than a guess; the last one to knock will know.
constexpr std::chrono::seconds lifetime_of_guess{10};

}  // namespace

std::size_t SessionAllowance::of(std::size_t limit, SteadyTime now) const {
  return most_ && now <= until_ ? std::min(limit, *most_) : limit;
}

bool SessionAllowance::refused(const Refusal& refusal, SteadyTime now) {
  if (refusal.standing + refusal.knocking == 0) return false;
  const bool certain = refusal.standing > 0 && !refusal.silently;
  most_ = refusal.standing + refusal.knocking;
  until_ = now + (certain ? lifetime : lifetime_of_guess);
  return true;
}

}  // namespace fallbackmx
