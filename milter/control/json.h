// JSON, as the control socket speaks it and `fallbackmx --json` prints it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "probe/base/clock.h"

namespace fallbackmx {

/// Members keep the order in which they were put.
using Json = nlohmann::ordered_json;

/// On one line and in ASCII: bytes that are no UTF-8 become U+FFFD, what a terminal could obey is escaped.
/// Only for what we made ourselves: the depth of what somebody sent is not bounded.
inline std::string json_line(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// `2026-11-22T10:42:07Z`, null for the epoch: never.
Json json_time(WallTime);

}  // namespace fallbackmx
