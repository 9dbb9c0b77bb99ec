#include "conf/grammar/braced_words.h"

#include "probe/base/text_file.h"

namespace fallbackmx {

std::vector<std::string> split_braced_words(std::string_view text) {
  constexpr std::string_view separators = ", \t\r\n";
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  for (const char c : text) {
    if (depth == 0 && separators.find(c) != std::string_view::npos) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
    word += c;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string_view without_braces(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}') || text.size() < 2) return text;
  return stripped(text.substr(1, text.size() - 2));
}

}  // namespace fallbackmx
