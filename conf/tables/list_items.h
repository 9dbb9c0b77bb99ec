// What Postfix's match lists have in common, whatever they list: items, `!`, files and tables.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// One pattern of a match list, its files and tables opened; or a table that cannot be taken apart.
struct ListItem {
  std::string pattern;
  bool negated = false;
  bool from_table = false;  ///< the key of a table: compared as a whole
  std::string where;        ///< `/file:12: ` when it did not stand in the list itself, else empty
  /// Of patterns, or static: to be asked. `pattern` is its name then.
  std::shared_ptr<const LookupTable> table{};
};

/// The items of `text` in order, with those of `/file` (several a line, `#` comments) and of tables in their
/// place. `!` in front of a file or table negates all of it. Files may name files, eight deep. The first
/// trouble is the error.
Result<std::vector<ListItem>> list_items(std::string_view text);

}  // namespace fallbackmx
