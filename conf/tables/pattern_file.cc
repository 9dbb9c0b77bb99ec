#include "conf/tables/pattern_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

namespace {

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// `if /x/`, but not `iframe` (Postfix: no letter or digit behind it).
bool begins_with_word(std::string_view line, std::string_view word) {
  return lower_case(line.substr(0, word.size())) == word &&
         (line.size() == word.size() || !alphanumeric(line[word.size()]));
}

}  // namespace

PatternLines pattern_lines(std::string_view text) {
  PatternLines out;
  auto [lines, errors] = logical_lines(text);
  out.errors = std::move(errors);
  std::vector<std::size_t> open;
  for (const auto& [line, number] : lines) {
    const std::string_view content = stripped(line);
    if (begins_with_word(content, "endif")) {
      if (open.empty()) {
        out.errors.push_back({number, "endif without an if before it"});
        continue;
      }
      out.lines.push_back({PatternLineKind::end_if, "", number});
      out.lines[open.back()].past = out.lines.size();
      open.pop_back();
    } else if (begins_with_word(content, "if")) {
      open.push_back(out.lines.size());
      out.lines.push_back({PatternLineKind::begin_if, std::string(stripped(content.substr(2))), number});
    } else {
      out.lines.push_back({PatternLineKind::rule, std::string(content), number});
    }
  }
  for (const auto index : open) out.errors.push_back({out.lines[index].number, "if without an endif"});
  std::stable_sort(out.errors.begin(), out.errors.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  return out;
}

Error PatternLines::wrong(std::string_view path, std::size_t line, std::string_view why) const {
  if (!errors.empty() && errors.front().line < line)
    return {fmt::format("{}:{}: {}", path, errors.front().line, errors.front().text)};
  return {fmt::format("{}:{}: {}", path, line, why)};
}

bool take_negation(std::string_view& text) {
  bool negated = false;
  while (text.starts_with('!')) {
    negated = !negated;
    text = stripped(text.substr(1));
  }
  return negated;
}

std::optional<std::size_t> first_match(const std::vector<PatternLine>& lines,
                                       const std::function<bool(std::size_t)>& matches) {
  for (std::size_t at = 0; at < lines.size();) {
    const bool yes = lines[at].kind != PatternLineKind::end_if && matches(at);
    if (yes && lines[at].kind == PatternLineKind::rule) return at;
    at = !yes && lines[at].kind == PatternLineKind::begin_if ? lines[at].past : at + 1;
  }
  return std::nullopt;
}

}  // namespace fallbackmx
