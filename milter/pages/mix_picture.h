// The verdicts of the last hour as a picture.
#pragma once

#include <string>

#include "milter/session/recent_verdicts.h"
#include "probe/base/clock.h"

namespace fallbackmx {

/// An inline SVG: a stacked bar for each minute, the current one at the right, with a scale and the time of
/// day; each bar says in words what it shows. Its colours are classes of the page (accepted, unverified,
/// passed, deferred, undeliverable, rejected). Pure.
std::string mix_picture(const RecentVerdicts::Hour&, WallTime now);

/// What is shown in which colour, bottom up: class, words, and the count.
struct MixColumn {
  const char *css_class, *label;
  std::uint32_t VerdictMix::*count;
};
extern const std::array<MixColumn, 6> mix_columns;

}  // namespace fallbackmx
