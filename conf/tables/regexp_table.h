// Tables of regular expressions: `regexp:` and `pcre:`.
#pragma once

#include <memory>
#include <string_view>

#include "conf/tables/lookup_table.h"
#include "conf/tables/pattern.h"

namespace fallbackmx {

/// `/pattern/flags text` on each line, any character in place of the slashes; `!/pattern/` for what does not
/// match, and in a POSIX table `/pattern/!/pattern/` for what matches the first and not the second. `name` is
/// for messages, `path` for those about a line.
Result<std::shared_ptr<const LookupTable>> regexp_table(std::string_view name, std::string_view path,
                                                        std::string_view text, PatternSyntax syntax);

}  // namespace fallbackmx
