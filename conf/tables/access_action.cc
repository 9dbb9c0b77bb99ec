#include "conf/tables/access_action.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <vector>

#include "conf/grammar/nearest_name.h"
#include "conf/grammar/units.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

using Kind = AccessAction::Kind;

struct Named {
  std::string_view name;
  Kind kind;
  std::string_view dsn;
};

constexpr std::array actions = {
    Named{"OK", Kind::permit, ""},
    Named{"RELAY", Kind::permit, ""},
    Named{"DUNNO", Kind::dunno, ""},
    Named{"REJECT", Kind::reject, "5.7.1"},
    Named{"DEFER", Kind::defer, "4.7.1"},
    Named{"DEFER_IF_PERMIT", Kind::defer_if_permit, "4.7.1"},
    Named{"DEFER_IF_REJECT", Kind::defer_if_reject, "4.7.1"},
    Named{"WARN", Kind::warn, ""},
    Named{"INFO", Kind::warn, ""},
};

/// What access(5) has beside: it does something to the message or the connection, which is not ours.
constexpr std::array<std::string_view, 8> of_the_mta = {"BCC",    "DELAY", "DISCARD", "FILTER",
                                                        "HANGUP", "HOLD",  "PREPEND", "REDIRECT"};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Takes `5.7.1 ` off the front of the text (RFC 2034).
std::string_view take_dsn(std::string_view& text, std::string_view otherwise) {
  const auto end = std::min(text.find_first_of(white_space), text.size());
  const auto word = text.substr(0, end);
  if (!is_enhanced_code(word)) return otherwise;
  text = stripped(text.substr(end));
  return word;
}

/// For the first word, which might be an action as well as a restriction.
Error unknown_action(std::string_view word) {
  std::vector<std::string_view> names;
  names.reserve(actions.size());
  for (const auto& action : actions) names.push_back(action.name);
  const auto nearest = nearest_name(word, names);
  if (nearest.empty()) return {explain_not_ours(word)};
  return {fmt::format("unknown action {}; did you mean {}?", in_quotes(word), nearest)};
}

Result<AccessAction> parse_rules(std::string_view text, const RestrictionClasses& classes) {
  AccessAction action{.kind = Kind::rules};
  for (const auto& word : split_words(text)) {
    const auto restriction = restriction_named(word);
    if (!restriction && classes.knows(word)) {
      const auto list = classes.find(word);
      if (!list) return Error{list.error()};
      append_class(action.rules, **list);
      continue;
    }
    if (!restriction) return action.rules.empty() ? unknown_action(word) : Error{explain_not_ours(word)};
    if (argument_of(*restriction) == RestrictionArgument::table)
      return Error{fmt::format("{} cannot stand in a table", to_string(*restriction))};
    action.rules.emplace_back(*restriction);
  }
  return action;
}

}  // namespace

Result<AccessAction> parse_access_action(std::string_view text, const RestrictionClasses& classes) {
  const auto word = text.substr(0, text.find_first_of(white_space));
  auto rest = stripped(text.substr(word.size()));
  for (const auto& action : actions) {
    if (!same_but_for_case(action.name, word)) continue;
    const auto dsn = action.dsn.empty() ? action.dsn : take_dsn(rest, action.dsn);
    return AccessAction{.kind = action.kind, .dsn = std::string(dsn), .text = std::string(rest)};
  }
  for (const auto name : of_the_mta) {
    if (same_but_for_case(name, word))
      return Error{fmt::format("{} is for Postfix's own tables: leave it there", name)};
  }
  if (word.size() == 3 && all_digits(word) && (word[0] == '4' || word[0] == '5') && !rest.empty()) {
    const auto dsn = take_dsn(rest, word[0] == '4' ? "4.7.1" : "5.7.1");
    return AccessAction{.kind = Kind::reply,
                        .code = (word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0'),
                        .dsn = std::string(dsn),
                        .text = std::string(rest)};
  }
  // A table of those who have proven themselves elsewhere has the time of it on the right.
  if (all_digits(text)) return AccessAction{.kind = Kind::permit};
  return parse_rules(text, classes);
}

}  // namespace fallbackmx
