// Reads one `at` line of a scenario. Pure.
#pragma once

#include <string_view>

#include "test/scenario/scenario.h"

namespace fallbackmx {

/// What follows the word `at`: `5s   rcpt no@example.org   -> 550 5.1.1   source probe`.
Result<Step> read_step(std::string_view text);

}  // namespace fallbackmx
