// The home of libmilter: its callbacks, and the calls that only they may make.
#pragma once

#include "milter/session/desk.h"
#include "probe/base/log.h"

namespace fallbackmx {

/// Registers our callbacks, once in a process's life. libmilter knows neither arguments nor an end: `desk`
/// and `log` stay in use until the process is gone. False when libmilter refuses.
///
/// The callbacks answer per recipient and never with SMFIS_ACCEPT, which would let all later recipients of
/// the message pass unseen. No exception leaves them: trouble of ours is logged and answered "continue",
/// never 5xx. A session that never says CONNECT (health checks, our own kicks) leaves no trace.
bool register_callbacks(Desk& desk, Log& log);

}  // namespace fallbackmx
