// Plays a scenario: the real verifier and the real restrictions between made-up clients and scripted
// primaries.
#pragma once

#include <vector>

#include "test/scenario/scenario.h"
#include "test/scenario/story.h"
#include "test/scenario/world.h"

namespace fallbackmx {

/// Every client has a thread of its own; clients of the same moment ask at once. Besides the scenario's
/// expectations it is checked that every answer comes by answer_timeout and a tenth of a second, that no
/// remote byte that is not printable reaches a reply or the log, that no DATA is sent, no second recipient in
/// a transaction, no command ahead where PIPELINING is not offered, never more sessions than
/// probe_session_limit, no connection to where no server is, and no connection is left without QUIT.
std::vector<Disappointment> play(const Scenario& scenario, World& world);

}  // namespace fallbackmx
