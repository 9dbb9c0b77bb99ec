#include "conf/tables/domain_names.h"

#include <algorithm>

#include "conf/tables/list_items.h"
#include "probe/mail/address.h"

namespace fallbackmx {

std::vector<std::string> domain_names(std::string_view list) {
  std::vector<std::string> names;
  const auto items = list_items(list);
  if (!items) return names;
  for (const auto& item : *items) {
    if (item.negated || item.table || item.pattern.starts_with('.') || item.pattern.starts_with("IPv6:"))
      continue;
    auto name = ascii_domain(item.pattern);
    const bool address = name && name->find_first_not_of("0123456789.") == std::string::npos;
    if (name && !address && std::find(names.begin(), names.end(), *name) == names.end())
      names.push_back(*std::move(name));
  }
  return names;
}

}  // namespace fallbackmx
