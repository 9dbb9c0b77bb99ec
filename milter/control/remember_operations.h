// The verbs about memory: what is remembered, and how it is made to forget.
#pragma once

#include "conf/parameters.h"
#include "milter/control/control_message.h"
#include "probe/base/clock.h"
#include "probe/store/store.h"

namespace fallbackmx {

/// Each answers one request of any user's words; pure but for the store. A row is
///
///     {"address":"u@example.org","verdict":"deliverable","code":250,"dsn":"2.1.5","words":"Ok",
///      "asked":"2026-11-22T10:42:07Z","last_yes":"2026-11-22T10:42:07Z","counts":"yes","refresh":false}
///
/// where `counts` is yes or no, or expired.

/// A page of `limit` rows behind `after`, which is the `next` of the page before. With `domain`, `negatives`
/// or `expired` only those: a page may then be short, or empty, before the last one.
ControlReply remember_list(const ControlRequest&, Store&, const Settings&, WallTime now);
ControlReply remember_show(const ControlRequest&, Store&, const Settings&, WallTime now);
ControlReply remember_forget(const ControlRequest&, Store&);
/// By `domain`, `negatives`, `expired`: what is all of those that are named; or `all`. Without any of them an
/// error: it would be a pity.
ControlReply remember_flush(const ControlRequest&, Store&, const Settings&, WallTime now);

}  // namespace fallbackmx
