// A client of socketmap servers (socketmap_table(5)): a netstring with a map and a key, answered by a
// netstring.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "conf/tables/socketmap_name.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/recent_map.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// Used by many threads at once; blocks the caller for at most `patience` or until the deadline. A server
/// that cannot be reached or says nothing in that time is left alone for `quiet_time`, with one line in the
/// log; answers are kept for a minute.
class Socketmaps {
 public:
  static constexpr std::chrono::seconds patience{3}, quiet_time{30}, kept{60};

  Socketmaps(Clock& clock, Log& log) : clock_(clock), log_(log) {}

  /// The text for a key; nothing when the server says NOTFOUND. The error is a sentence that names the
  /// socketmap: no answer, or one of TEMP, TIMEOUT and PERM.
  Result<std::optional<std::string>> look_up(const SocketmapName& map, const std::string& key,
                                             SteadyTime deadline);

 private:
  using Answer = Result<std::optional<std::string>>;
  struct Kept {
    Answer answer{std::optional<std::string>()};
    SteadyTime until{};
  };
  struct Server {
    SteadyTime quiet_until{};
    std::string why{};  ///< it gave no answer; empty when the last question was answered
  };
  std::optional<Answer> known(const SocketmapName& map, const std::string& key);

  Clock& clock_;
  Log& log_;
  std::mutex mutex_;                              ///< protects what follows
  RecentMap<std::string, Kept> answers_{10'000};  ///< by map and key
  std::map<std::string, Server> servers_;         ///< by name: as many as are in the configuration
};

}  // namespace fallbackmx
