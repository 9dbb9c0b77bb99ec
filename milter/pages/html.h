// Pieces of HTML that are safe whatever is in them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "probe/base/clock.h"

namespace fallbackmx {

/// Text as it may stand between tags and in quoted attributes: no byte of it is markup, control characters
/// and bytes above 0x7e become \xNN. At most `most` bytes of it, then an ellipsis.
std::string html(std::string_view text, std::size_t most = 300);

/// `now`, `12 s`, `5 min`, `3 h`, `12 d`: how long that is, roughly.
std::string short_span(std::chrono::seconds span);

/// `<time datetime="2026-11-22T10:42:07Z">10:42:07</time>`, in the machine's time zone; with the date when it
/// is more than twelve hours from `now`.
std::string html_time(WallTime time, WallTime now);

}  // namespace fallbackmx
