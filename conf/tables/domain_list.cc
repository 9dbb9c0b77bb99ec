#include "conf/tables/domain_list.h"

#include <fmt/format.h>

#include "conf/tables/list_items.h"
#include "probe/base/text_file.h"
#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

/// Sendmail's relay-domains names networks of clients, too: `192.0.2`, `192.0.2.7`, `IPv6:2001:db8::7`.
bool is_network(std::string_view pattern) {
  return pattern.starts_with("IPv6:") || pattern.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Result<DomainList> DomainList::parse(std::string_view text) {
  const auto items = list_items(text);
  if (!items) return Error{items.error()};
  DomainList list;
  list.text_ = text;
  for (const auto& item : *items) {
    const Item place{list.items_.size() + list.tables_.size(), item.negated};
    if (item.table) {
      list.tables_.push_back({place, item.table});
      continue;
    }
    if (!item.where.empty() && is_network(item.pattern)) continue;
    const bool below_only = item.pattern.starts_with('.');
    const auto name = ascii_domain(std::string_view(item.pattern).substr(below_only ? 1 : 0));
    if (!name) return Error{fmt::format("{}{}: {}", item.where, in_quotes(item.pattern), name.error())};
    // The earlier of two equal items wins, as the first match does: try_emplace leaves it alone.
    list.items_.try_emplace(below_only ? "." + *name : *name, place);
  }
  return list;
}

bool DomainList::matches(std::string_view domain) const {
  const Item* first = nullptr;
  const auto look = [&](const std::string& name) {
    const auto found = items_.find(name);
    if (found != items_.end() && (first == nullptr || found->second.order < first->order))
      first = &found->second;
  };
  look(std::string(domain));
  for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
    const auto below = domain.substr(dot);
    look(std::string(below));
    look(std::string(below.substr(1)));
  }
  for (const auto& [item, table] : tables_) {
    if (first != nullptr && first->order < item.order) break;
    if (!table->find(domain, true)) continue;
    first = &item;
    break;
  }
  return first != nullptr && !first->negated;
}

}  // namespace fallbackmx
