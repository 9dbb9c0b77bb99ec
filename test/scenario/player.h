// Plays a scenario: the real verifier and the real restrictions between made-up clients and scripted
// primaries.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "test/scenario/scenario.h"
#include "test/scenario/world.h"

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

/// Every client has a thread of its own; clients of the same moment ask at once. Besides the scenario's
/// expectations it is checked that every answer comes by answer_timeout and a tenth of a second, that no
/// remote byte that is not printable reaches a reply or the log, that no DATA is sent, no second recipient in
/// a transaction, no command ahead where PIPELINING is not offered, never more sessions than
/// probe_session_limit, no connection to where no server is, and no connection is left without QUIT.
std::vector<Disappointment> play(const Scenario& scenario, World& world);

}  // namespace fallbackmx
