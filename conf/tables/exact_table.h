// Tables of exact keys: those in files of lines, and `inline:`.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/tables/lookup_table.h"

namespace fallbackmx {

/// `key text` on each line, as conf/tables/table.h reads it.
Result<std::shared_ptr<const LookupTable>> text_table(std::string_view name, std::string_view path,
                                                      std::string_view text);

/// `{ key=value, { key = text with blanks } }`: `braces` is that, `name` the whole of it.
Result<std::shared_ptr<const LookupTable>> inline_table(std::string_view name, std::string_view braces);

}  // namespace fallbackmx
