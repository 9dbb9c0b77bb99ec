// The verbs of the operator's command, from verbs.def.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

enum class Verb {
#define VERB(enumerator, ...) enumerator,
#include "milter/control/verbs.def"
};

/// Who answers, and to whom.
enum class VerbKind {
  reads,    ///< the daemon, to whoever reaches its socket
  changes,  ///< the daemon, to root and its own user
  here,     ///< the command itself
};

/// `--name` or `--name=VALUE`, of one verb.
struct VerbOption {
  Verb verb;
  std::string_view name, value, help;  ///< value: what to call it; empty when it takes none
};

/// One row of the table.
struct VerbRow {
  Verb verb;
  std::string_view words;     ///< one or two: `reload`, `remember show`
  std::string_view argument;  ///< `ADDRESS`, `[ADDRESS]` when it may be left out, or nothing
  VerbKind kind;
  std::string_view summary, more;

  bool takes_argument() const { return !argument.empty(); }
  bool needs_argument() const { return takes_argument() && argument.front() != '['; }
  /// Lower case, without brackets: what it is called in a request.
  std::string argument_name() const;
  /// `remember-show`: what is asked for in a request.
  std::string wire_name() const;
};

std::span<const VerbRow> verb_table();
const VerbRow& verb_row(Verb);
std::vector<VerbOption> options_of(Verb);

/// By its name in a request.
std::optional<Verb> verb_on_wire(std::string_view name);

}  // namespace fallbackmx
