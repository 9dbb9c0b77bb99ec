// The names that may stand in a restriction list. What they do is in milter/rules/restrictions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

enum class Restriction {
#define RESTRICTION(name, argument, help) name,
#include "conf/tables/restrictions.def"
#undef RESTRICTION
};

/// The word that follows a restriction's name.
enum class RestrictionArgument { nothing, table };

std::string_view to_string(Restriction);
/// Case does not matter, as in Postfix.
std::optional<Restriction> restriction_named(std::string_view name);
RestrictionArgument argument_of(Restriction);
/// What to tell somebody who wrote a word that is not in the table: that it is Postfix's own, or an old name
/// of one of ours; for a slip of the pen the nearest name is suggested.
std::string explain_not_ours(std::string_view word);

/// Name, argument and help of each, in the order of the table.
struct RestrictionHelp {
  std::string_view name;
  RestrictionArgument argument;
  std::string_view help;
};
const std::vector<RestrictionHelp>& restriction_table();

}  // namespace fallbackmx
