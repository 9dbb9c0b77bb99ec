#include "conf/grammar/complaints.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

std::vector<std::string> Complaints::sorted(std::vector<Complaint> complaints) {
  constexpr std::size_t most = 100;  // the file is something else altogether
  std::stable_sort(complaints.begin(), complaints.end(),
                   [](const auto& a, const auto& b) { return a.order < b.order; });
  std::vector<std::string> texts;
  for (auto& complaint : complaints) {
    if (texts.size() == most) {
      texts.push_back(fmt::format("... and {} more", complaints.size() - most));
      break;
    }
    texts.push_back(std::move(complaint.text));
  }
  return texts;
}

}  // namespace fallbackmx
