// A mail server that has one message for the fallback.
#pragma once

#include <optional>
#include <string>

#include "test/soak/ledger.h"

namespace fallbackmx::soak {

/// What came of an attempt.
struct Attempt {
  std::optional<Answer> answer{};         ///< to RCPT, if it came so far
  std::optional<std::string> queue_id{};  ///< the fallback has the message
  bool refused = false;                   ///< for good
};

/// One session from the caller's network to port 25 of the fallback: one message, with its number in its
/// header.
Attempt attempt_delivery(const std::string& fallback, long number, const std::string& recipient);

}  // namespace fallbackmx::soak
