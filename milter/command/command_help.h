// What --help says.
#pragma once

#include <string>

#include "milter/control/verbs.h"

namespace fallbackmx {

/// All verbs, and the options that all of them have.
std::string command_help();
/// One verb: how it is written, what it does, its options.
std::string verb_help(Verb);

}  // namespace fallbackmx
