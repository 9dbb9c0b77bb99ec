#include "conf/tables/access_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// What a text with places for matches is good for can be said without them, if the action is none of them.
Result<AccessAction> parse_template(const LookupRow& row, const RestrictionClasses& classes) {
  const auto word = row.text.substr(0, row.text.find_first_of(white_space));
  auto action = parse_access_action(row.text, classes);
  if (word.find('$') != std::string::npos || (action && action->kind == AccessAction::Kind::rules))
    return Error{
        fmt::format("{}: what a pattern matched can be in the text of an action, but not the action itself",
                    in_quotes(row.text))};
  return action;
}

}  // namespace

Result<std::shared_ptr<const AccessTable>> AccessTable::read(std::string_view type_and_file,
                                                             const RestrictionClasses& classes) {
  auto table = LookupTable::open(type_and_file);
  if (!table) return Error{table.error()};
  const auto made = std::make_shared<AccessTable>();
  made->table_ = *std::move(table);
  std::unordered_map<std::string_view, std::shared_ptr<const AccessAction>> by_text;
  for (const auto& row : made->table_->rows()) {
    auto& known = by_text[row.text];
    if (!known || row.substitutes) {
      auto action = row.substitutes ? parse_template(row, classes) : parse_access_action(row.text, classes);
      if (!action) return Error{fmt::format("{}: {}", row.where, action.error())};
      known = std::make_shared<const AccessAction>(*std::move(action));
    }
    made->actions_.push_back(known);
  }
  return std::shared_ptr<const AccessTable>(made);
}

std::shared_ptr<const AccessAction> AccessTable::find(std::string_view key, bool whole) const {
  const auto found = table_->find(key, whole);
  if (!found) return nullptr;
  if (!table_->rows()[found->row].substitutes) return actions_[found->row];
  auto action = parse_access_action(found->text);
  if (action && action->kind == actions_[found->row]->kind)
    return std::make_shared<const AccessAction>(*std::move(action));
  // A code with nothing behind it, for want of a match, would be a permit.
  return actions_[found->row];
}

bool AccessTable::mentions(Restriction restriction) const {
  return std::any_of(actions_.begin(), actions_.end(),
                     [&](const auto& action) { return fallbackmx::mentions(action->rules, restriction); });
}

// Of conf/tables/rule.h, which knows no more of tables than that there are some.

bool mentions(const Restrictions& list, Restriction restriction) {
  return std::any_of(list.begin(), list.end(), [&](const Rule& rule) {
    return rule.restriction == restriction || (rule.table && rule.table->mentions(restriction));
  });
}

bool operator==(const Rule& a, const Rule& b) {
  if (a.restriction != b.restriction || !a.table != !b.table) return false;
  return !a.table || a.table->name() == b.table->name();
}

}  // namespace fallbackmx
