// The socket that a service manager opened for us (socket activation, sd_listen_fds(3), by hand: three
// variables).
#pragma once

#include <optional>

#include "conf/grammar/milter_socket.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// The milter socket as `fd:3`, when $LISTEN_FDS has one for this very process; nothing without. It was there
/// before us and stays when we go: whoever connects meanwhile waits for the next daemon. The variables are
/// taken away, no child of ours shall believe them; call it once, before there are threads. An error when
/// there is more than one socket (libmilter listens on one), or it is none that listens for streams.
Result<std::optional<MilterSocket>> handed_socket();

}  // namespace fallbackmx
