// A restriction in a list, with what it needs.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "conf/tables/restriction.h"

namespace fallbackmx {

class AccessTable;

/// One item of a list: a restriction, with the table it looks into if it takes one. A value; tables are
/// shared, and equal when they have the same name.
struct Rule {
  Rule(Restriction what) : restriction(what) {}
  Rule(Restriction what, std::shared_ptr<const AccessTable> where)
      : restriction(what), table(std::move(where)) {}

  Restriction restriction;
  std::shared_ptr<const AccessTable> table;

  friend bool operator==(const Rule& a, const Rule& b);
};

using Restrictions = std::vector<Rule>;

/// Whether the list, or a table in it, names the restriction.
bool mentions(const Restrictions&, Restriction);

}  // namespace fallbackmx
