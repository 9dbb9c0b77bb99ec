// Names that Postfix knows and we do not: whoever pastes from main.cf gets an explanation, not a guess.
#pragma once

#include <string_view>

namespace fallbackmx {

/// True for a parameter of Postfix 3.7's main.cf, ours or not, and for the per-transport forms such as
/// `slow_destination_rate_delay`.
bool is_postfix_parameter(std::string_view name);

/// True for those that a later version will use, but not this one.
bool is_planned_parameter(std::string_view name);

struct PostfixRestriction {
  std::string_view name;
  int arguments = 0;      ///< words that follow it
  std::string_view ours;  ///< our name for the same, or empty
  std::string_view why;   ///< why we do not have it, where that is not plain
};
/// nullptr when it is not a restriction of Postfix's that we leave to Postfix. Case does not matter.
const PostfixRestriction* postfix_restriction(std::string_view name);

}  // namespace fallbackmx
