// A client that waits for the answer to a probe: where its thread and the loop meet.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "probe/base/clock.h"
#include "probe/mail/verdict.h"
#include "probe/primary/probe_result.h"

namespace fallbackmx {

/// What a client hears of a probe. A value.
struct ProbeAnswer {
  std::optional<ProbeResult> result;  ///< none: late
  Source source = Source::probe;
  SteadyTime holds_until{};  ///< no server can be asked until then, unless there is news (Engine::news)
};

/// Shared by the two. The client's thread makes it and waits, once; the loop answers, once, or not at all.
class Waiter {
 public:
  explicit Waiter(Clock& clock) : sleeper_(clock.sleeper()) {}

  /// Nothing at the deadline.
  std::optional<ProbeAnswer> wait_until(SteadyTime deadline) {
    sleeper_->sleep_until(deadline);
    const std::lock_guard lock(mutex_);
    sleeper_.reset();  // takes no part in time any more
    return std::move(answer_);
  }
  /// Nobody hears it when the client has left.
  void answer(ProbeAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (!sleeper_) return;
    answer_ = std::move(answer);
    sleeper_->wake();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Sleeper> sleeper_;  ///< until the client leaves
  std::optional<ProbeAnswer> answer_;
};

}  // namespace fallbackmx
