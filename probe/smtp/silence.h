// How long clients wait for a server that says nothing, and how long its sessions do (DESIGN 4.2).
#pragma once

#include <algorithm>
#include <chrono>

#include "conf/parameters.h"

namespace fallbackmx {

/// Before RCPT: whoever waits leaves then, and nobody waits for that server until it has replied. Not longer
/// than the timeout of what is awaited.
inline std::chrono::seconds client_patience(const Settings& settings, std::chrono::seconds timeout) {
  return std::min(timeout, settings.primary_silence_time);
}

/// What is left of it for the next server of the same destination.
inline constexpr std::chrono::seconds least_client_patience{1};

/// Sessions go on in nobody's time, so that slow servers are heard at all: at least so long for each reply.
inline constexpr std::chrono::seconds least_session_patience{60};
inline std::chrono::seconds session_patience(std::chrono::seconds timeout) {
  return std::max(timeout, least_session_patience);
}

}  // namespace fallbackmx
