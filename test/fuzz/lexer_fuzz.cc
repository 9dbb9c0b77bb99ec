#include "conf/lexer.h"

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

void lexer(std::string_view input) {
  const auto lexed = lex(input, "milter.conf");
  std::size_t lines = 1;
  for (const char c : input) lines += c == '\n' ? 1 : 0;
  std::size_t last = 0;
  for (const auto& entry : lexed.entries) {
    require(!entry.name.empty(), "an entry has a name");
    require(entry.name.find('\n') == std::string::npos && entry.value.find('\n') == std::string::npos,
            "continuation lines are joined");
    require(entry.line > last && entry.line <= lines, "entries are in the order of their lines");
    last = entry.line;
  }
  for (const auto& error : lexed.errors) {
    require(error.line <= lines && error.text.find('\n') == std::string::npos,
            "an error names its line, on one line");
  }
}

}  // namespace fallbackmx::fuzz
