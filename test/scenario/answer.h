// What a client heard, against what the scenario wants it to hear. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "milter/rules/restrictions.h"
#include "test/scenario/scenario.h"

namespace fallbackmx {

/// No control character, nothing above 0x7e.
bool is_printable(std::string_view text);

/// Every difference, as a sentence; none when all is well.
std::vector<std::string> differences(const RcptStep& wanted, std::string_view recipient,
                                     const Outcome& outcome);
/// The same for the time it took. `patience`: what is allowed when the step does not say.
std::vector<std::string> differences_in_time(const RcptStep& wanted, std::string_view recipient, Span took,
                                             Span patience, Span tolerance);

}  // namespace fallbackmx
