// What happened while a scenario was played.
#pragma once

#include <cstddef>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// What was not as the scenario, or the promises that hold in every scenario, want it.
struct Disappointment {
  std::size_t line = 0;  ///< 0: of the whole scenario
  std::string text;
};

/// For GoogleTest's messages.
inline void PrintTo(const Disappointment& one, std::ostream* out) {
  *out << "line " << one.line << ": " << one.text;
}

/// Used by all threads at once.
class Story {
 public:
  /// A line of the log.
  void note(std::string_view line);
  void disappoint(std::size_t line, std::string text);

  /// How many lines of the log have this text in them.
  std::size_t lines_with(std::string_view text) const;
  std::vector<std::string> lines() const;
  std::vector<Disappointment> disappointments() const;

 private:
  mutable std::mutex mutex_;  ///< protects what follows
  std::vector<std::string> lines_;
  std::vector<Disappointment> disappointments_;
};

}  // namespace fallbackmx
