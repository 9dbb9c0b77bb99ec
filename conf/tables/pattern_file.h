// The lines of a table of patterns: `pattern text`, `if pattern`, `endif`, `!` (cidr_table(5),
// pcre_table(5)).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

/// What a line does.
enum class PatternLineKind { rule, begin_if, end_if };

/// A line after the words `if` and `endif` were recognized. For a rule and an `if`: all that is left.
struct PatternLine {
  PatternLineKind kind = PatternLineKind::rule;
  std::string text{};
  std::size_t number = 0;
  std::size_t past = 0;  ///< of an `if`: the index of the line behind its `endif`
};

struct PatternLines {
  std::vector<PatternLine> lines;
  std::vector<TextError> errors;  ///< in order of the lines

  /// What is wrong with a line, with file and line; or with one before it, which comes first.
  Error wrong(std::string_view path, std::size_t line, std::string_view why) const;
};

/// `if` and `endif` match each other. Words behind an `endif` are ignored, as in Postfix.
PatternLines pattern_lines(std::string_view text);

/// Takes `!` and blanks off the front; true for an odd number of them.
bool take_negation(std::string_view& text);

/// The rule that decides: goes through the lines, and skips what stands between an `if` that does not match
/// and its `endif`. `matches` is asked about rules and `if`s, by their index. Nothing when none matches.
std::optional<std::size_t> first_match(const std::vector<PatternLine>& lines,
                                       const std::function<bool(std::size_t)>& matches);

}  // namespace fallbackmx
