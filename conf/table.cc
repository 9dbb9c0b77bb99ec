#include "conf/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "conf/text_file.h"

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

constexpr std::array text_beside = {"texthash", "hash", "btree", "lmdb", "cdb", "dbm"};

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
      errors.push_back({number, fmt::format("{}: no key", quoted(line))});
    } else if (value.empty()) {
      errors.push_back({number, fmt::format("{}: no value after the key", quoted(key))});
    } else if (const auto [earlier, is_new] = seen.try_emplace(lower_case(key), number); !is_new) {
      errors.push_back({number, fmt::format("{}: is in line {} already", quoted(key), earlier->second)});
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

Table read_table(std::string_view type_and_file, std::string_view also) {
  constexpr std::size_t limit = 64 << 20;
  const auto colon = type_and_file.find(':');
  const auto type = type_and_file.substr(0, colon);
  const bool known = std::find(text_beside.begin(), text_beside.end(), type) != text_beside.end();
  if (!known && (also.empty() || type != also)) {
    return {{},
            {fmt::format("{}: tables of type {} are not supported: texthash:/file is, with one \"key value\" "
                         "a line; hash:, btree:, "
                         "lmdb: and cdb: are read from the text they were made of",
                         type_and_file, type)}};
  }
  const std::string path(type_and_file.substr(colon + 1));
  if (!path.starts_with('/')) {
    return {{}, {fmt::format("{}: write the whole path of the file, beginning with /", type_and_file)}};
  }
  const auto text = read_text_file(path, limit);
  if (text) return parse_table(*text, path);
  // postmap -o or a distribution's package may leave only the database, which we do not read.
  const auto beside = type == "texthash" || !known
                          ? ""
                          : fmt::format(" (the text that the {} database was made of is needed)", type);
  return {{}, {fmt::format("{}: {}{}", type_and_file, text.error(), beside)}};
}

bool names_a_table(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace fallbackmx
