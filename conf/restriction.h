// The names that may stand in a restriction list. What they do is in milter/restrictions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace fallbackmx {

enum class Restriction {
#define RESTRICTION(name, help) name,
#include "conf/restrictions.def"
#undef RESTRICTION
};

using Restrictions = std::vector<Restriction>;

std::string_view to_string(Restriction);
/// Case does not matter, as in Postfix.
std::optional<Restriction> restriction_named(std::string_view name);

/// Name and one-sentence help of each, in the order of the table.
struct RestrictionHelp {
  std::string_view name, help;
};
const std::vector<RestrictionHelp>& restriction_table();

}  // namespace fallbackmx
