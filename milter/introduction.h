// What an administrator wants to see in the log after a start.
#pragma once

#include "conf/grammar/milter_socket.h"
#include "probe/base/log.h"

namespace fallbackmx {

/// Where we listen, the line for main.cf, and whether Postfix can reach that place. The socket is there, and
/// spelled out.
void introduce(const MilterSocket&, Log&);

}  // namespace fallbackmx
