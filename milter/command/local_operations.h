// What fallbackmx(1) answers by itself, whether a daemon runs or not: with its configuration, in this
// process.
#pragma once

#include "conf/config.h"
#include "milter/control/control_message.h"
#include "milter/control/trace.h"

namespace fallbackmx {

/// For the verbs that are answered `here`, and for `verify` with --trace, or when no daemon answers it.
/// `watcher`, if there is one, sees each step of `--trace` when it happens. Blocks as long as the question
/// takes. The result is what --json prints; a configuration with errors is one itself for `doctor`, and exit
/// status 78 for the others.
ControlReply answer_locally(const ControlRequest&, const ConfigSources&, const Trace::Watcher& watcher);

/// The results as text.
std::string explanation_text(const Json& result);
std::string diagnosis_text(const Json& result);

}  // namespace fallbackmx
