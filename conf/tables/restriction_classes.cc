#include "conf/tables/restriction_classes.h"

#include <fmt/format.h>

namespace fallbackmx {

Result<std::shared_ptr<const Restrictions>> RestrictionClasses::find(std::string_view name) const {
  const std::string key(name);
  if (const auto known = lists_.find(key); known != lists_.end()) return known->second;
  if (!begun_.insert(key).second) return Error{fmt::format("restriction class {} refers to itself", key)};
  auto list = read_(key);
  begun_.erase(key);
  if (!list) return Error{list.error()};
  auto kept = std::make_shared<const Restrictions>(*std::move(list));
  lists_.emplace(key, kept);
  return kept;
}

const RestrictionClasses& no_classes() {
  static const RestrictionClasses none;
  return none;
}

void append_class(Restrictions& list, const Restrictions& members) {
  const bool warns = !list.empty() && list.back().restriction == Restriction::warn_if_reject;
  if (warns) list.pop_back();
  for (const Rule& rule : members) {
    const bool has_one = !list.empty() && list.back().restriction == Restriction::warn_if_reject;
    if (warns && !has_one && rule.restriction != Restriction::warn_if_reject)
      list.emplace_back(Restriction::warn_if_reject);
    list.push_back(rule);
  }
}

}  // namespace fallbackmx
