// Inputs that are scripts: a line is a step, so that a corpus can be read and written by hand.
#pragma once

#include <string_view>
#include <vector>

namespace fallbackmx::fuzz {

/// Lines without their LF; any other byte may be in them. No more than `most`.
inline std::vector<std::string_view> lines_of(std::string_view input, std::size_t most = 400) {
  std::vector<std::string_view> lines;
  while (!input.empty() && lines.size() < most) {
    const auto end = input.find('\n');
    lines.push_back(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  return lines;
}

/// Takes the word at the front away, with the blank behind it.
inline std::string_view take_word(std::string_view& line) {
  const auto end = line.find(' ');
  const auto word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

}  // namespace fallbackmx::fuzz
