#include "probe/base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

namespace {

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view stripped(std::string_view text, std::string_view blanks) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view separators = ", \t";
  std::vector<std::string> words;
  for (;;) {
    const auto first = text.find_first_not_of(separators);
    if (first == std::string_view::npos) return words;
    text.remove_prefix(first);
    const auto end = std::min(text.find_first_of(separators), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string> split_phrases(std::string_view text) {
  std::vector<std::string> phrases;
  for (;;) {
    const auto end = std::min(text.find(','), text.size());
    if (const auto phrase = stripped(text.substr(0, end)); !phrase.empty()) phrases.emplace_back(phrase);
    if (end == text.size()) return phrases;
    text.remove_prefix(end + 1);
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), lower_letter);
  return lower;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_letter(x) == lower_letter(y); });
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  if (text.size() <= longest) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}...\"", text.substr(0, longest));
}

}  // namespace fallbackmx
