#include "conf/restriction_list.h"

#include <fmt/format.h>

#include "conf/nearest_name.h"
#include "conf/postfix_names.h"
#include "conf/text_file.h"

namespace fallbackmx {

namespace {

/// Skips the words that belong to a restriction of Postfix's, of which the last skipped is at `i`: a table, a
/// domain, or `{ ... }`.
void skip_arguments(const std::vector<std::string>& words, std::size_t& i, int arguments) {
  for (; arguments > 0 && i + 1 < words.size(); --arguments) {
    ++i;
    if (!words[i].starts_with('{')) continue;
    while (!words[i].ends_with('}') && i + 1 < words.size()) ++i;
  }
}

std::string explain(const PostfixRestriction& postfix) {
  if (!postfix.ours.empty()) return fmt::format("{} is an old name of {}", postfix.name, postfix.ours);
  return fmt::format("{} is Postfix's own: leave it in main.cf", postfix.name);
}

std::string explain_unknown(const std::string& word) {
  std::vector<std::string_view> names;
  for (const auto& restriction : restriction_table()) names.push_back(restriction.name);
  const auto nearest = nearest_name(word, names);
  if (!nearest.empty()) return fmt::format("unknown restriction {}; did you mean {}?", quoted(word), nearest);
  return fmt::format("unknown restriction {}", quoted(word));
}

}  // namespace

Result<Restrictions> parse_restrictions(std::string_view text) {
  const auto words = split_words(text);
  Restrictions list;
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto restriction = restriction_named(words[i])) {
      list.push_back(*restriction);
    } else if (const auto* postfix = postfix_restriction(words[i])) {
      wrong.push_back(explain(*postfix));
      skip_arguments(words, i, postfix->arguments);
    } else {
      wrong.push_back(explain_unknown(words[i]));
    }
  }
  if (!wrong.empty()) return Error{fmt::format("{}", fmt::join(wrong, "; "))};
  return list;
}

}  // namespace fallbackmx
