#include "conf/grammar/lexer.h"

#include <fmt/format.h>

#include "probe/base/text_file.h"

namespace fallbackmx {

Lexed lex(std::string_view text, std::string_view file) {
  Lexed out;
  auto [lines, errors] = logical_lines(text);
  for (auto& error : errors) out.errors.push_back({error.line, std::move(error.text)});
  for (const auto& line : lines) {
    const auto equals = line.text.find('=');
    const auto name = stripped(std::string_view(line.text).substr(0, equals));
    if (equals == std::string::npos) {
      out.errors.push_back({line.number, fmt::format("{}: no \"=\" after the name", in_quotes(name))});
    } else if (name.empty()) {
      out.errors.push_back({line.number, "no name before \"=\""});
    } else if (name.find_first_of(white_space) != std::string_view::npos) {
      out.errors.push_back({line.number, fmt::format("{}: a name has no blanks in it", in_quotes(name))});
    } else {
      const auto value = stripped(std::string_view(line.text).substr(equals + 1));
      out.entries.push_back({std::string(name), std::string(value), std::string(file), line.number});
    }
  }
  return out;
}

Lexed lex_file(const std::string& path) {
  constexpr std::size_t limit = 1 << 20;
  const auto text = read_text_file(path, limit);
  if (!text) return {{}, {{0, text.error()}}};
  return lex(*text, path);
}

}  // namespace fallbackmx
