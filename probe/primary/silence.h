// How long clients wait for a server that says nothing, and how long its sessions do (DESIGN 4.2).
#pragma once

#include <algorithm>
#include <chrono>

namespace fallbackmx {

/// What is left of primary_silence_time for the next server of the same destination, and for one that was
/// down lately.
inline constexpr std::chrono::seconds least_client_patience{1};
/// For a server beside which another one is up.
inline constexpr std::chrono::seconds patience_beside_another{2};
/// Greetings that take longer are no longer waited for, though it is known: clients would hear nothing in
/// time.
inline constexpr std::chrono::seconds longest_greeting_delay{6};

/// Sessions go on in nobody's time, so that slow servers are heard at all: at least so long for each reply.
inline constexpr std::chrono::seconds least_session_patience{60};
inline std::chrono::seconds session_patience(std::chrono::seconds timeout) {
  return std::max(timeout, least_session_patience);
}

}  // namespace fallbackmx
