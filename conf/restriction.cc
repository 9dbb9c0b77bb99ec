#include "conf/restriction.h"

#include <strings.h>

#include <string>

namespace fallbackmx {

const std::vector<RestrictionHelp>& restriction_table() {
  static const std::vector<RestrictionHelp> table = {
#define RESTRICTION(name, help) {#name, help},
#include "conf/restrictions.def"
#undef RESTRICTION
  };
  return table;
}

std::string_view to_string(Restriction restriction) {
  return restriction_table()[static_cast<std::size_t>(restriction)].name;
}

std::optional<Restriction> restriction_named(std::string_view name) {
  const auto& table = restriction_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].name.size() == name.size() &&
        strncasecmp(table[i].name.data(), name.data(), name.size()) == 0) {
      return static_cast<Restriction>(i);
    }
  }
  return std::nullopt;
}

}  // namespace fallbackmx
