#include "probe/prospects.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

bool Prospects::may_be_knocked_at(std::size_t endpoint) const {
  const auto retry_at = engine_.health.retry_at(endpoints_[endpoint].key());
  return !retry_at || *retry_at <= engine_.services.clock.now();
}

bool Prospects::all_down() const {
  return std::all_of(endpoints_.begin(), endpoints_.end(), [this](const Endpoint& endpoint) {
    return engine_.health.state(endpoint.key()) == Health::State::down;
  });
}

bool Prospects::trial_due() const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (may_be_knocked_at(i)) return true;
  }
  return false;
}

ProbeResult Prospects::down() const {
  const SteadyTime now = engine_.services.clock.now();
  std::string trouble = "is down";
  if (const auto retry_at = engine_.health.retry_at(endpoints_.front().key()); retry_at && *retry_at > now) {
    trouble +=
        fmt::format(", next trial in {} s", std::chrono::ceil<std::chrono::seconds>(*retry_at - now).count());
  }
  return befell(Verdict::unavailable, Stage::connect, endpoints_.front(), trouble);
}

std::optional<ProbeResult> Prospects::accepted_anyway(const Address& recipient) const {
  const SteadyTime now = engine_.services.clock.now();
  const auto lifetime = engine_.settings()->probe_catchall_time;
  for (const Endpoint& endpoint : endpoints_) {
    if (engine_.health.state(endpoint.key()) == Health::State::down) continue;
    if (!engine_.catchall.accepts_everything(endpoint.key(), recipient.domain(), now, lifetime))
      return std::nullopt;
    return befell(Verdict::deliverable, Stage::rcpt, endpoint,
                  "accepts every recipient in " + recipient.domain() + ", it is not asked about each");
  }
  return std::nullopt;
}

}  // namespace fallbackmx
