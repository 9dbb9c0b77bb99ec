// A long SMTP conversation, many commands to a packet.
#pragma once

#include <string>
#include <vector>

#include "test/compare/suite.h"

namespace fallbackmx {

/// What the server at host:port says to MAIL and RCPT of each case: `250 2.1.0 Ok / 550 5.1.1 ...`, of which
/// the first part is left out when it is 250. Each case is a session of its own to the server, by XCLIENT,
/// which it must allow us. Throws std::runtime_error when the server goes away.
std::vector<std::string> answers(const std::string& host, int port, const std::vector<Case>&);

}  // namespace fallbackmx
