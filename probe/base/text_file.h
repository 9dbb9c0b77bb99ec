// Text that an administrator wrote, as lines: what milter.conf and tables have in common.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"
#include "probe/base/text.h"

namespace fallbackmx {

/// The whole file, or a sentence that names it and says why not. Longer than `limit` bytes is an error too:
/// nobody reads a device or a log file into memory because of a slip in a path.
Result<std::string> read_text_file(const std::string& path, std::size_t limit);

/// One line of text with its number, counted from 1.
struct TextLine {
  std::string text;
  std::size_t number = 0;
};

/// Something wrong on a line.
struct TextError {
  std::size_t line = 0;
  std::string text;
};

struct TextLines {
  std::vector<TextLine> lines;
  std::vector<TextError> errors;
};

/// As in Postfix: a line that begins with white space continues the one before; comment lines (`#` is the
/// first character that is not white space) and blank lines are skipped, also inside a continuation. The
/// number is that of the first line. A byte order mark and CR before LF are tolerated. Other control
/// characters than tab are errors, and so is a continuation of nothing.
TextLines logical_lines(std::string_view text);

/// The same without continuation: white space at the beginning of a line means nothing.
TextLines plain_lines(std::string_view text);

/// What is wrong with `text` as (part of) a line: a control character. Empty when nothing is.
std::string control_character_in(std::string_view text);

}  // namespace fallbackmx
