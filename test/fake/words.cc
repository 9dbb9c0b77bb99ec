#include "test/fake/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "probe/base/number.h"

namespace fallbackmx {
inline namespace script_words {

namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

}  // namespace

std::string_view stripped(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && (blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> columns(std::string_view line) {
  std::vector<std::string> found;
  line = stripped(line);
  while (!line.empty()) {
    std::size_t end = 0;
    while (end < line.size() && line[end] != '\t' && line.substr(end, 2) != "  ") ++end;
    found.emplace_back(stripped(line.substr(0, end)));
    line = stripped(line.substr(end));
  }
  return found;
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  for (line = stripped(line); !line.empty(); line = stripped(line)) {
    const bool quoted = line.front() == '"';
    if (quoted) line.remove_prefix(1);
    std::size_t end = 0;
    while (end < line.size() && !(quoted ? line[end] == '"' : blank(line[end]))) ++end;
    found.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(line.size(), quoted ? end + 1 : end));
  }
  return found;
}

std::optional<Span> read_span(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::chrono::milliseconds>, 5> units = {{
      {"ms", std::chrono::milliseconds(1)},
      {"s", std::chrono::seconds(1)},
      {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)},
      {"d", std::chrono::hours(24)},
  }};
  if (text.empty()) return std::nullopt;
  Span sum{0};
  while (!text.empty()) {
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const auto& each) { return text.starts_with(each.first); });
    if (unit == units.end()) return std::nullopt;
    sum += number * unit->second;
    text.remove_prefix(unit->first.size());
  }
  return sum;
}

std::optional<std::size_t> read_number(std::string_view text) { return parse_number<std::size_t>(text); }

std::optional<std::string> read_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(2)) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (error != std::errc() || end != text.data() + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  // After a mismatch go back to the last star and let it swallow one more character.
  std::size_t p = 0, t = 0, star = std::string_view::npos, swallowed = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      swallowed = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++swallowed;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace script_words
}  // namespace fallbackmx
