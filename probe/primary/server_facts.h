// What a server has shown lately, for people to look at: nothing is decided by it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"

namespace fallbackmx {

/// Of one server, at one address. A value.
struct ServerFacts {
  SteadyTime up_since{};                               ///< when it came back, or we first heard of it
  std::optional<SteadyTime> last_reply{}, last_yes{};  ///< about a recipient
  std::optional<std::chrono::milliseconds> round_trip{};
  std::string_view tls{};  ///< of the last session that stood
  std::string trouble{};   ///< a sentence, since it was last well
  std::string alarm{};     ///< a sentence, until it has accepted somebody

  /// A reply about a recipient, so long after the question. Smoothed as TCP does it (RFC 6298).
  void replied(SteadyTime now, SteadyTime::duration took) {
    const auto sample = std::chrono::round<std::chrono::milliseconds>(took);
    round_trip = round_trip ? (*round_trip * 7 + sample) / 8 : sample;
    last_reply = now;
  }
};

}  // namespace fallbackmx
