#include "milter/control/trace.h"

#include <fmt/format.h>

#include <utility>

namespace fallbackmx {

Trace::Trace(const Clock& clock, Watcher watcher)
    : clock_(clock),
      begin_(clock.now()),
      watcher_(std::move(watcher)),
      log_([this](LogLevel level, std::string_view line) { add(level, line); }, LogLevel::debug) {}

std::vector<Trace::Step> Trace::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

/// The log has taken care that nobody else is here.
void Trace::add(LogLevel level, std::string_view line) {
  Step step{.at = std::chrono::duration_cast<std::chrono::microseconds>(clock_.now() - begin_),
            .level = level,
            .text = std::string(line)};
  if (watcher_) watcher_(step);
  const std::lock_guard lock(mutex_);
  steps_.push_back(std::move(step));
}

std::string to_text(const Trace::Step& step) {
  const bool loud = step.level >= LogLevel::warning;
  return fmt::format("{:8.3f} {}{}{}", std::chrono::duration<double>(step.at).count(),
                     loud ? to_string(step.level) : "", loud ? ": " : "", step.text);
}

}  // namespace fallbackmx
