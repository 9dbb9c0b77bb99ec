// What the log says of the MTA's sessions and messages, beside verdicts.
#pragma once

#include "milter/session/session_state.h"
#include "probe/base/log.h"

namespace fallbackmx {

/// Used by all threads.
class SessionLog {
 public:
  explicit SessionLog(Log& log) : log_(log) {}

  /// `connect: sid=7f3a01 client=h[192.0.2.9]`, and `close: ...`: debug.
  void connected(const SessionState&) const;
  void closed(const SessionState&) const;
  /// `4XyZ: sid=7f3a01 from=<s@example.net> client=h[192.0.2.9] accepted=2 unverified=1`: by now the MTA has
  /// a queue id, which leads from its own log to the verdicts. For mail that was accepted for somebody who
  /// may not exist; else debug.
  void message_ended(const SessionState&) const;

 private:
  Log& log_;
};

}  // namespace fallbackmx
