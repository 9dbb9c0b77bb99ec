// The grammar of Postfix's main.cf: from text to names and values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// `name = value`, as written: nothing is expanded yet.
struct ConfigEntry {
  std::string name, value;
  std::string file;
  std::size_t line = 0;  ///< of the name; a continued value goes on after it

  friend bool operator==(const ConfigEntry&, const ConfigEntry&) = default;
};

struct LexError {
  std::size_t line = 0;  ///< 0: the file as a whole
  std::string text;
};

struct Lexed {
  std::vector<ConfigEntry> entries;
  std::vector<LexError> errors;  ///< one for each bad line; good lines around it are still in `entries`
};

/// Lines as logical_lines() has them, each `name = value`; white space around both is dropped, `#` inside a
/// value is part of it. `file` goes into the entries and is not opened.
Lexed lex(std::string_view text, std::string_view file);

/// The same for a file of at most a mebibyte.
Lexed lex_file(const std::string& path);

}  // namespace fallbackmx
