// Which session takes which probe, and whether there should be one more session.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "probe/primary/engine.h"
#include "probe/primary/probe_queue.h"
#include "probe/primary/roster.h"
#include "probe/primary/servers.h"
#include "probe/primary/session_allowance.h"

namespace fallbackmx {

/// Belongs to a Destination. Decides about what the queue and the roster hold, and writes down in a Slot what
/// was decided; starts no session, and finishes no probe.
class Dispatcher {
 public:
  using Slot = Roster::Slot;

  Dispatcher(Engine& engine, Servers& servers, ProbeQueue& probes, Roster& sessions)
      : engine_(engine), servers_(servers), probes_(probes), sessions_(sessions) {}

  /// Takes out and returns the queued probes that nobody is left to be asked about.
  std::vector<std::shared_ptr<Probe>> without_hope();
  /// True when what is queued is more than the sessions can take, and one more may be made, and would find a
  /// server to knock at.
  bool needs_a_session() const;

  /// An endpoint that is down, whose trial is due, and that no probe will try: none is queued, or a better
  /// one answers them all.
  std::optional<std::size_t> due_trial(bool recipient_came = false) const;

  /// The endpoints that a session should try to reach now, best first: those that are up; if there is none,
  /// those that are down and whose trial is due.
  std::vector<std::size_t> candidates(Slot& slot);
  /// A connection to one of them is about to begin, which uses up its trial. False when it must not: another
  /// session makes that trial.
  bool begin(Slot& slot, std::size_t endpoint);
  /// It stands with one of them, and takes so many probes.
  void opened(Slot& slot, std::size_t endpoint, std::size_t room);
  /// It could not reach one of them. True when that is the server's limit of sessions: others of ours live.
  /// Then it is remembered, and is no evidence about the server's health.
  bool met_limit(Slot& slot, std::size_t endpoint, const ProbeResult& result);
  /// The next probe for its endpoint, if any; `room` is what the session can take now.
  std::shared_ptr<Probe> take(Slot& slot, std::size_t room);
  /// True when something is queued that none of the sessions can take, and no more may be made: one that has
  /// nothing to do should leave.
  bool needs_a_place() const;

 private:
  std::size_t allowed_sessions() const;
  std::size_t kept_room() const;
  bool stranded() const;

  Engine& engine_;
  Servers& servers_;
  ProbeQueue& probes_;
  Roster& sessions_;
  SessionAllowance allowance_;
};

}  // namespace fallbackmx
