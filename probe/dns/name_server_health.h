// Which name servers have been silent lately, and which to EDNS: so that it does not cost every lookup its
// time.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "probe/base/clock.h"
#include "probe/dns/resolv_conf.h"

namespace fallbackmx {

/// What we know of the name servers from having asked them. Pure but for its memory.
class NameServerHealth {
 public:
  struct Candidate {
    NameServer server;
    bool doubtful = false;  ///< was silent last time: give it little time
  };

  /// All of `servers`, those that were silent within the last 30 seconds behind the others. After that time
  /// one caller, and no other, finds it in its place again. `rotate`: each call begins with the next server.
  std::vector<Candidate> order(const std::vector<NameServer>& servers, bool rotate, SteadyTime now);

  void answered(const NameServer&, SteadyTime now);
  /// It did not answer what was asked at `asked`. A server that has answered anything else since then is only
  /// slow about this one name, and stays in favour.
  void silent(const NameServer&, SteadyTime asked, SteadyTime now);

  /// Whether it answers questions with EDNS (RFC 6891). Some servers, and firewalls before them, drop these.
  enum class Edns { unknown, answered, not_answered };
  Edns edns(const NameServer&, SteadyTime now);
  void answered_edns(const NameServer&);
  /// It answered a question without EDNS, after it was silent to the same one with (`silently`), or refused
  /// that. Returns true when this is news: it counts as not_answered for a quarter of an hour. One that was
  /// silent must be so twice: it may have been slow, and is found out with the next question.
  bool answered_only_plain(const NameServer&, bool silently, SteadyTime now);

 private:
  struct State {
    bool down = false;
    SteadyTime last_answer = SteadyTime::min();
    SteadyTime trial_at;
    bool edns_known = false;  ///< the last question with EDNS was answered
    int edns_silences = 0;
    SteadyTime plain_until = SteadyTime::min();
  };
  std::map<std::string, State> states_;
  std::size_t turn_ = 0;
};

}  // namespace fallbackmx
