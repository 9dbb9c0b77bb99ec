// The tables of check_client_access and its like.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/access_action.h"
#include "conf/tables/lookup_table.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// Read once, then never changed; used by all threads.
class AccessTable {
 public:
  /// Any table of conf/tables/lookup_table.h with actions on the right. The first mistake is the error, with
  /// file and line: Postfix would log it when the key comes up, and answer 451. What a pattern matched can
  /// become part of a text, but not the action itself.
  static Result<std::shared_ptr<const AccessTable>> read(std::string_view type_and_file,
                                                         const RestrictionClasses& classes = no_classes());

  /// Case does not matter. Patterns and networks answer to whole keys only: `whole` is false for parent
  /// domains, parent networks, and parts of an address.
  std::shared_ptr<const AccessAction> find(std::string_view key, bool whole) const;

  bool mentions(Restriction) const;
  /// As it was written.
  const std::string& name() const { return table_->name(); }

 private:
  std::shared_ptr<const LookupTable> table_;
  /// Of each row. Where a pattern puts something in: what it is with nothing put in.
  std::vector<std::shared_ptr<const AccessAction>> actions_;
};

}  // namespace fallbackmx
