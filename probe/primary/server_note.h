// What is kept of a server beyond the life of the process: that it is down, and what was learned of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"
#include "probe/primary/habits.h"
#include "probe/primary/health.h"

namespace fallbackmx {

/// A value. Times are those of this process; of what was learned, only what outlives a session.
struct ServerNote {
  struct Down {
    SteadyTime since{};
    Health::Cost cost{};
    std::string why{};  ///< a sentence, printable
  };
  std::optional<Down> down;
  Habits habits;
  /// The sender of probes that it refuses, where habits.fallback_sender is true: another one it may take.
  std::string refused_sender{};

  /// `1 since=1795338000 unverified=17 waited=5012 no-pipelining why=Connection refused`: the version of this
  /// format, and words; empty when there is nothing to keep.
  std::string text(SteadyTime now, WallTime wall) const;
  /// Of what text() wrote at `written`; nothing when any byte of it is wrong, or it is too old to tell
  /// anything. Only one that was written in the last minutes says that a server is down.
  static std::optional<ServerNote> parse(std::string_view text, WallTime written, SteadyTime now,
                                         WallTime wall);

  /// The key of the note about a server (Endpoint::key()), and the other way round.
  static std::string key_of(std::string_view server);
  static std::optional<std::string> server_of(std::string_view key);
};

}  // namespace fallbackmx
