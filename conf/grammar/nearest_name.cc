#include "conf/grammar/nearest_name.h"

#include <algorithm>
#include <vector>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Damerau's distance (restricted): insertions, deletions, changes, and swaps of neighbours.
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_ago(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], two_ago[j - 2] + 1);
    }
    two_ago.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> names) {
  constexpr std::size_t longest = 100;  // the work is quadratic, and no name of ours is half as long
  if (written.size() > longest) return {};
  std::size_t fewest = std::max<std::size_t>(2, written.size() / 5) + 1;
  const auto wanted = lower_case(written);
  std::string_view nearest;
  for (const auto name : names) {
    const auto slips = slips_between(wanted, lower_case(name));
    if (slips >= fewest || slips >= name.size()) continue;
    fewest = slips;
    nearest = name;
  }
  return nearest;
}

}  // namespace fallbackmx
