// Connecting to whichever server of a destination answers, the better ones with a head start.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe/primary/destination.h"
#include "probe/wire/stream.h"

namespace fallbackmx {

/// Belongs to a session that has none yet. Tries the candidates in order, each further one a
/// little later while the ones before it have not connected (RFC 8305 section 5), so that a black-holed
/// server does not use up the time of a good one. Tells the destination of every one that begins, which may
/// forbid it, of every one that fails, and of those that clients have waited for in vain: all of them share
/// primary_silence_time.
class ConnectionRace {
 public:
  struct Runner {
    std::size_t endpoint;
    std::unique_ptr<Stream> stream;
    SteadyTime started;
    bool silent = false;  ///< nobody waits for it any more
  };

  /// Who fails, or may not begin, is taken out of `candidates`. All of these outlive it.
  ConnectionRace(Engine& engine, Destination& destination, Destination::Slot& slot, const Settings& settings,
                 std::vector<std::size_t>& candidates);

  /// The first to connect. Nothing when nobody does, or the destination is stopping.
  Task<std::optional<Runner>> run();

 private:
  struct Failure {
    std::size_t endpoint;
    std::string why;
    bool silent = false;
    bool ours = false;    ///< IoResult::ours
    bool no_way = false;  ///< IoResult::no_way
  };

  bool all_started() const { return next_ >= candidates_.size(); }
  void start_next(SteadyTime now);
  std::optional<Runner> take_winner(SteadyTime now);
  std::optional<Failure> first_failure(SteadyTime now);
  void drop_out(const Failure& failure);
  SteadyTime silent_at(const Runner& runner) const;
  void fall_silent(SteadyTime now);
  Task<> wait();
  void blame_overtaken(std::size_t winner, SteadyTime now);

  Engine& engine_;
  Destination& destination_;
  Destination::Slot& slot_;
  const Settings& settings_;
  std::vector<std::size_t>& candidates_;
  std::vector<Runner> runners_;
  std::size_t next_ = 0;  ///< in `candidates_`: who starts next, at `next_start_`
  const SteadyTime begun_;
  SteadyTime next_start_;
};

}  // namespace fallbackmx
