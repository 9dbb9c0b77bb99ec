#include "conf/grammar/lexer.h"

#include <algorithm>
#include <set>

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

/// The numbers of the lines that begin something, whatever it is.
std::set<std::size_t> beginnings(std::string_view input) {
  std::set<std::size_t> lines;
  std::size_t number = 1;
  for (std::size_t at = 0; at < input.size(); ++number) {
    const char first = input[at];
    if (first > ' ' && first != '#' && first != 0x7f) lines.insert(number);
    at = std::min(input.find('\n', at), input.size() - 1) + 1;
  }
  return lines;
}

}  // namespace

void lexer(std::string_view input) {
  const auto lexed = lex(input, "milter.conf");
  std::size_t lines = 1;
  for (const char c : input) lines += c == '\n' ? 1 : 0;
  auto unread = beginnings(input);
  std::size_t last = 0;
  for (const auto& entry : lexed.entries) {
    require(!entry.name.empty(), "an entry has a name");
    require(entry.name.find('\n') == std::string::npos && entry.value.find('\n') == std::string::npos,
            "continuation lines are joined");
    require(entry.line > last && entry.line <= lines, "entries are in the order of their lines");
    last = entry.line;
    unread.erase(entry.line);
  }
  for (const auto& error : lexed.errors) {
    require(error.line <= lines && error.text.find('\n') == std::string::npos,
            "an error names its line, on one line");
    unread.erase(error.line);
  }
  require(unread.empty(), "what begins on a line is an entry or an error");
}

}  // namespace fallbackmx::fuzz
