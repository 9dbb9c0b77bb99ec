// Regular expressions. The home of PCRE2.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// How a regular expression is written: POSIX extended, as in regexp_table(5), or Perl's, as in
/// pcre_table(5).
enum class PatternSyntax { posix, perl };

/// One regular expression. Copies share what was compiled; used by all threads. A match is bounded in time
/// and memory: one that takes too long is none.
class Pattern {
 public:
  /// `flags` are the letters behind the pattern: each turns something on or off. Case does not matter unless
  /// `i` is among them. What POSIX leaves undefined and what only Perl knows is an error in a POSIX pattern.
  static Result<Pattern> compile(std::string_view pattern, std::string_view flags, PatternSyntax syntax);

  /// What the whole pattern and its groups matched: `[0]` is all of it; empty for a group that took no part.
  std::optional<std::vector<std::string>> match(std::string_view subject) const;
  bool matches(std::string_view subject) const { return match(subject).has_value(); }
  std::size_t groups() const { return groups_; }

 private:
  Pattern() = default;
  std::shared_ptr<const void> code_;  ///< pcre2_code
  std::size_t groups_ = 0;
};

}  // namespace fallbackmx
