#include "conf/tables/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Takes the key off the front of `text`; empty when there is none, or when its quotes do not end.
std::string take_key(std::string_view& text) {
  std::string key;
  bool inside_quotes = false;
  while (!text.empty()) {
    char c = text.front();
    if (!inside_quotes && white_space.find(c) != std::string_view::npos) return key;
    text.remove_prefix(1);
    if (c == '"') {
      inside_quotes = !inside_quotes;
      continue;
    }
    if (c == '\\' && !text.empty()) {
      c = text.front();
      text.remove_prefix(1);
    }
    key += c;
  }
  return inside_quotes ? std::string() : key;
}

}  // namespace

Table parse_table(std::string_view text, std::string_view file) {
  Table table;
  std::vector<TextError> errors;
  auto [lines, line_errors] = logical_lines(text);
  errors = std::move(line_errors);

  std::unordered_map<std::string, std::size_t> seen;
  for (const auto& [line, number] : lines) {
    std::string_view rest = line;
    auto key = take_key(rest);
    const auto value = stripped(rest);
    if (key.empty()) {
      errors.push_back({number, fmt::format("{}: no key", in_quotes(line))});
    } else if (value.empty()) {
      errors.push_back({number, fmt::format("{}: no value after the key", in_quotes(key))});
    } else if (const auto [earlier, is_new] = seen.try_emplace(lower_case(key), number); !is_new) {
      errors.push_back({number, fmt::format("{}: is in line {} already", in_quotes(key), earlier->second)});
    } else {
      table.rows.push_back({std::move(key), std::string(value), number});
    }
  }
  std::stable_sort(errors.begin(), errors.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  for (const auto& error : errors)
    table.errors.push_back(fmt::format("{}:{}: {}", file, error.line, error.text));
  return table;
}

bool names_a_table(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace fallbackmx
