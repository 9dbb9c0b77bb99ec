#include "conf/tables/restriction_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/grammar/braced_words.h"
#include "conf/grammar/postfix_names.h"
#include "conf/tables/access_table.h"
#include "conf/tables/table.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Skips the words that belong to a restriction of Postfix's, of which the last skipped is at `i`: a table, a
/// domain, or `{ ... }`.
void skip_arguments(const std::vector<std::string>& words, std::size_t& i, int arguments) {
  i = std::min(i + static_cast<std::size_t>(arguments), words.size() - 1);
}

/// The table that belongs to the restriction at `i`; `i` is then at the last word of it.
Result<std::shared_ptr<const AccessTable>> table_after(const std::vector<std::string>& words, std::size_t& i,
                                                       const RestrictionClasses& classes) {
  const bool there = i + 1 < words.size() && !restriction_named(words[i + 1]);
  if (!there) return Error{"a table must follow, as in texthash:/etc/fallbackmx/access"};
  return AccessTable::read(words[++i], classes);
}

}  // namespace

Result<Restrictions> parse_restrictions(std::string_view text, const RestrictionClasses& classes) {
  const auto words = split_braced_words(text);
  Restrictions list;
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto restriction = restriction_named(words[i]);
    if (restriction && argument_of(*restriction) == RestrictionArgument::table) {
      auto table = table_after(words, i, classes);
      if (table)
        list.emplace_back(*restriction, *std::move(table));
      else
        wrong.push_back(fmt::format("{}: {}", to_string(*restriction), table.error()));
    } else if (restriction) {
      list.emplace_back(*restriction);
    } else if (classes.knows(words[i])) {
      const auto members = classes.find(words[i]);
      if (members)
        append_class(list, **members);
      else
        wrong.push_back(fmt::format("{}: {}", words[i], members.error()));
    } else if (names_a_table(words[i])) {
      wrong.push_back(
          fmt::format("{}: write before it what is looked up in it: check_client_access, "
                      "check_helo_access, check_sender_access or check_recipient_access",
                      words[i]));
    } else if (const auto* postfix = postfix_restriction(words[i])) {
      wrong.push_back(explain_not_ours(words[i]));
      skip_arguments(words, i, postfix->arguments);
    } else {
      wrong.push_back(explain_not_ours(words[i]));
    }
  }
  if (!wrong.empty()) return Error{fmt::format("{}", fmt::join(wrong, "; "))};
  return list;
}

}  // namespace fallbackmx
