// `fallbackmx verdicts`: what clients have heard lately.
#pragma once

#include "milter/control/control_message.h"
#include "milter/session/recent_verdicts.h"

namespace fallbackmx {

/// The latest of them, the newest first: for `address`, or for a domain when that has no local part, or for
/// all. A page of `limit`, behind the `next` of the page before (`after`).
ControlReply verdicts_operation(const ControlRequest&, const RecentVerdicts&);

}  // namespace fallbackmx
