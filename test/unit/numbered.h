// What was read from a file, as a person would write it down: "3 name=value".
#pragma once

#include <string>
#include <vector>

namespace fallbackmx {

/// Each row with the number of its line; `text` says the rest.
template <typename Rows, typename Text>
std::vector<std::string> numbered(const Rows& rows, Text text) {
  std::vector<std::string> lines;
  for (const auto& row : rows) lines.push_back(std::to_string(row.line) + " " + text(row));
  return lines;
}

}  // namespace fallbackmx
