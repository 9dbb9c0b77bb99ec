#include "conf/rule.h"

#include <algorithm>

namespace fallbackmx {

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
