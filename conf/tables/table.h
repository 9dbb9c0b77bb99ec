// Lookup tables in the manner of Postfix's texthash: the text that postmap(1) reads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// `key value`, as written.
struct TableRow {
  std::string key, value;
  std::size_t line = 0;
};

struct Table {
  std::vector<TableRow> rows;
  std::vector<std::string> errors;  ///< `file:line: ...`, in order of the file
};

/// `key value` on each logical line (comments, continuation: as in milter.conf); a key in double quotes may
/// hold blanks, a backslash protects the character after it. A key without a value and a key that is there
/// twice (case does not matter) are errors.
Table parse_table(std::string_view text, std::string_view file);

/// True for `type:name`, with a type that Postfix may know: letters and digits before the colon, a letter
/// first.
bool names_a_table(std::string_view text);

}  // namespace fallbackmx
