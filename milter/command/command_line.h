// The command line of fallbackmx(1), read by the table of its verbs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "milter/control/control_message.h"
#include "milter/control/verbs.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// What the operator typed. A value.
struct CommandLine {
  std::optional<Verb> verb;  ///< none: only --help or --version
  /// Argument and options of the verb by their names, as a request has them: text, numbers for options whose
  /// value is NUMBER, true for those without value.
  Json arguments = Json::object();
  bool help = false, version = false, json = false;
  std::string config_file, socket;  ///< empty: the usual ones

  ControlRequest request() const { return {.verb = *verb, .arguments = arguments}; }
};

/// Options may stand anywhere; a word behind `--` is none. `remember` alone is `remember list`, as for every
/// group of verbs. The error is one sentence, for exit status 64, and suggests what was probably meant.
Result<CommandLine> parse_command_line(std::span<const std::string_view> words);

}  // namespace fallbackmx
