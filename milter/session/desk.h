// The desk where each RCPT TO is answered: one snapshot of the settings, one deadline, the rules, a line in
// the log.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "conf/tables/recipient_rewriting.h"
#include "milter/rules/restrictions.h"
#include "milter/rules/unknown_recipients.h"
#include "milter/session/recent_verdicts.h"
#include "milter/session/session_log.h"
#include "milter/session/session_state.h"
#include "milter/session/verdict_log.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"
#include "probe/dns/dns.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// What the desk works with; all of it lives longer than the desk, and may be called by many threads at once.
struct DeskServices {
  Clock& clock;
  Resolver& resolver;
  Log& log;
  Metrics& metrics;
  std::function<Finding(const Question&)> verify;
  /// Called around what blocks, once per RCPT at most: before it waits for the first time, and when it has
  /// its answer (see kicker.h). They do not throw.
  std::function<void()> wait_begins, wait_ends;
  Witness* witness = nullptr;  ///< of every answer, if somebody wants one; called by whoever asks
  /// A recipient is accepted though nobody could say whether it exists, if somebody wants to know.
  std::function<void(const Finding&)> accepted_unverified{};
  Resolver* relayed = nullptr;  ///< for the domains that we relay; null: `resolver` knows all
};

/// Used by all of libmilter's threads at once.
class Desk {
 public:
  /// Without `rewriting` every recipient keeps its address.
  Desk(DeskServices services, std::shared_ptr<const Settings> settings,
       std::shared_ptr<const RecipientRewriting> rewriting = nullptr);
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Blocks until the answer is there, for answer_timeout at most.
  Outcome answer(const SessionState&, const Envelope&);

  /// An MTA's session with us begins, or ends.
  void session_begins() noexcept { ++sessions_; }
  void session_ends() noexcept { --sessions_; }
  /// Sessions now.
  int sessions() const { return sessions_; }

  /// What the log says of sessions and messages.
  const SessionLog& session_log() const { return session_log_; }

  const RecentVerdicts& recent() const { return recent_; }
  std::shared_ptr<const Settings> settings() const;
  /// For the RCPTs that come from now on.
  void reload(std::shared_ptr<const Settings> settings,
              std::shared_ptr<const RecipientRewriting> rewriting = nullptr);

  /// From now on nobody waits for DNS: what is not at hand counts as not answered. (The verifier has a
  /// drain() of its own.)
  void drain();
  /// Waits until everybody who came before drain() has an answer, or the limit; false at the limit. `waited`
  /// on return: whether there was anybody.
  bool wait_for_the_last(std::chrono::milliseconds limit, bool& waited);
  /// From now on every RCPT is deferred without a look at resolver or verifier; returns when nobody uses them
  /// any more, or false at the limit.
  bool close(std::chrono::milliseconds limit);

 private:
  class Seat;

  DeskServices services_;
  VerdictLog verdict_log_;
  SessionLog session_log_;
  UnknownRecipients unknown_recipients_;
  RecentVerdicts recent_;
  std::atomic<int> sessions_{0};
  mutable std::mutex mutex_;
  std::condition_variable left_;
  // Guarded by mutex_:
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<const RecipientRewriting> rewriting_;
  bool draining_ = false, closed_ = false;
  std::size_t came_before_drain_ = 0, came_after_ = 0;  ///< being answered now
};

}  // namespace fallbackmx
