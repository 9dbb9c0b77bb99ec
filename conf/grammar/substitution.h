// `$1` in the text of a table of patterns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// A text with places for what a pattern's groups matched. A value.
class Substitution {
 public:
  /// `$1`, `${1}` and `$(1)` are the first group, `$$` is `$`. The error says what is
  /// wrong: a group that the pattern does not have, or anything else behind a `$`.
  static Result<Substitution> parse(std::string_view text, std::size_t groups);

  bool needed() const { return !places_.empty(); }
  /// `matched[0]` is the whole match.
  std::string apply(const std::vector<std::string>& matched) const;

 private:
  struct Place {
    std::string before;  ///< the text up to there
    std::size_t group = 0;
  };
  std::vector<Place> places_;
  std::string end_;
};

}  // namespace fallbackmx
