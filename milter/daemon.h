// The daemon: from a checked configuration to the end of the process.
#pragma once

#include "conf/config.h"
#include "milter/libmilter/signals.h"
#include "milter/options.h"

namespace fallbackmx {

/// Serves until TERM or INT. Returns an exit code of sysexits.h; end the process with it at once and without
/// running static destructors, for threads of libmilter's are left that nobody can end.
int run_daemon(const Options&, const ConfigSources&, const Config&, Signals&);

}  // namespace fallbackmx
