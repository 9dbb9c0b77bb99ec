// How long clients wait for a server that says nothing, and how long its sessions do.
#pragma once

#include <algorithm>
#include <chrono>

namespace fallbackmx {

/// Before RCPT: whoever waits leaves then, and nobody waits for that server until it has replied
/// (DESIGN 4.2).
inline constexpr std::chrono::seconds silence_time{5};

inline std::chrono::seconds waited_for(std::chrono::seconds timeout) {
  return std::min(timeout, silence_time);
}

/// Probes go on in nobody's time, so that slow servers are heard at all: for each reply at least so long.
inline constexpr std::chrono::seconds patience_of_sessions{60};
inline std::chrono::seconds patience(std::chrono::seconds timeout) {
  return std::max(timeout, patience_of_sessions);
}

}  // namespace fallbackmx
