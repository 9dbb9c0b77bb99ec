// The command line of fallbackmx-milter.
#pragma once

#include <string>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// What the administrator asked for. A value.
struct Options {
  enum class Task { run, print_changed, print_defaults, print_version, print_help };
  Task task = Task::run;
  std::string config_file;             ///< empty: the usual one, if it is there
  std::vector<std::string> overrides;  ///< name=value in order, with those of -l and -p
  std::string user, group;             ///< empty: stay who we are; the user's own group
  bool verbose = false;
};

/// An error is one sentence, for exit status 64. Words are never guessed from their beginnings.
Result<Options> parse_options(int argc, const char* const* argv);

/// For -h.
std::string help_text();

}  // namespace fallbackmx
