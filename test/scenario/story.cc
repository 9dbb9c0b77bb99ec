#include "test/scenario/story.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

void Story::note(std::string_view line) {
  const std::lock_guard guard(mutex_);
  lines_.emplace_back(line);
}

void Story::disappoint(std::size_t line, std::string text) {
  const std::lock_guard guard(mutex_);
  disappointments_.push_back({line, std::move(text)});
}

std::size_t Story::lines_with(std::string_view text) const {
  const std::lock_guard guard(mutex_);
  return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
    return line.find(text) != std::string::npos;
  }));
}

std::vector<std::string> Story::lines() const {
  const std::lock_guard guard(mutex_);
  return lines_;
}

std::vector<Disappointment> Story::disappointments() const {
  const std::lock_guard guard(mutex_);
  return disappointments_;
}

}  // namespace fallbackmx
