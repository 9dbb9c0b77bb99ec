// What happens on the way to an answer, step by step: the debug log of one question, with times.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/log.h"

namespace fallbackmx {

/// Whoever is given its log() is traced: the probe module says at level debug what it asks, hears and makes
/// of it. Used by all threads at once; the clock outlives it.
class Trace {
 public:
  struct Step {
    std::chrono::microseconds at{};  ///< since the beginning
    LogLevel level = LogLevel::debug;
    std::string text{};  ///< printable
  };
  using Watcher = std::function<void(const Step&)>;

  /// `watcher` sees each step when it happens, one at a time, in the thread that makes it.
  explicit Trace(const Clock& clock, Watcher watcher = {});
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  Log& log() { return log_; }
  std::vector<Step> steps() const;

 private:
  void add(LogLevel level, std::string_view line);

  const Clock& clock_;
  const SteadyTime begin_;
  const Watcher watcher_;
  mutable std::mutex mutex_;  ///< guards steps_
  std::vector<Step> steps_;
  Log log_;
};

/// `   0.012 mx1.example.org[192.0.2.1]:25 > 220 mx1 ESMTP`, without a line's end; warnings and errors say
/// that they are.
std::string to_text(const Trace::Step&);

}  // namespace fallbackmx
