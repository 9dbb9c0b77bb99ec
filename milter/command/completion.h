// Completion of fallbackmx(1) in a shell.
#pragma once

#include <string>

namespace fallbackmx {

/// A script for bash, made from the table of verbs.
std::string bash_completion();

}  // namespace fallbackmx
