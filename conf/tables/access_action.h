// What the right-hand side of an access table says (access(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/restriction_classes.h"
#include "conf/tables/rule.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value.
struct AccessAction {
  enum class Kind {
    dunno,            ///< as if the key were not there, and nothing more is looked up in this table
    permit,           ///< OK, RELAY, or a number
    reject,           ///< with access_map_reject_code
    defer,            ///< with access_map_defer_code
    reply,            ///< with `code`
    defer_if_permit,  ///< with access_map_defer_code
    defer_if_reject,
    warn,   ///< WARN, INFO: a line in the log
    rules,  ///< names of restrictions, and of classes of them
  };
  Kind kind = Kind::dunno;
  int code = 0;
  std::string dsn{};   ///< the enhanced code, where the text began with one or the action has its own
  std::string text{};  ///< empty: Postfix's words for the action
  Restrictions rules{};
};

/// Case does not matter. The error names the word: for a slip of the pen the nearest name is suggested, and
/// what only the MTA can do (HOLD, FILTER, ...) is explained. Restrictions that take a table are not for
/// tables, as in Postfix; classes of them are.
Result<AccessAction> parse_access_action(std::string_view text,
                                         const RestrictionClasses& classes = no_classes());

}  // namespace fallbackmx
