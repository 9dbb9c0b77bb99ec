#include "conf/tables/restriction.h"

#include <fmt/format.h>
#include <strings.h>

#include "conf/grammar/nearest_name.h"
#include "conf/grammar/postfix_names.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

const std::vector<RestrictionHelp>& restriction_table() {
  static const std::vector<RestrictionHelp> table = {
#define RESTRICTION(name, argument, help) {#name, RestrictionArgument::argument, help},
#include "conf/tables/restrictions.def"
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

RestrictionArgument argument_of(Restriction restriction) {
  return restriction_table()[static_cast<std::size_t>(restriction)].argument;
}

std::string explain_not_ours(std::string_view word) {
  if (const auto* postfix = postfix_restriction(word)) {
    if (!postfix->ours.empty()) return fmt::format("{} is an old name of {}", postfix->name, postfix->ours);
    const auto because = postfix->why.empty() ? std::string() : fmt::format(" ({})", postfix->why);
    return fmt::format("{} is Postfix's own: leave it in main.cf{}", postfix->name, because);
  }
  std::vector<std::string_view> names;
  for (const auto& restriction : restriction_table()) names.push_back(restriction.name);
  const auto nearest = nearest_name(word, names);
  const auto hint = nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
  return fmt::format("unknown restriction {}{}", in_quotes(word), hint);
}

}  // namespace fallbackmx
