// Domains whose primary accepts every recipient: asking it is no use, and costs both sides.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"

namespace fallbackmx {

/// One for all destinations. Found out at the end of a session, after a yes: is a
/// recipient that cannot exist accepted too? Bounded: whatever has been silent longest goes first.
class Catchall {
 public:
  /// True when the test is due for a domain at a server (Endpoint::key()), at most once per `lifetime`. This
  /// uses the turn up.
  bool claim(const std::string& server, const std::string& domain, SteadyTime now,
             std::chrono::seconds lifetime);
  /// What came of the test. Returns true if that is news: it accepts everything, and did not before, or the
  /// other way round.
  bool learned(const std::string& server, const std::string& domain, bool accepts_everything, SteadyTime now);
  /// Whether the last test that was answered, if it is not older than `lifetime`, was passed by everybody.
  bool accepts_everything(const std::string& server, const std::string& domain, SteadyTime now,
                          std::chrono::seconds lifetime) const;
  /// The domains that everybody is accepted in, by server (Endpoint::key()).
  std::map<std::string, std::vector<std::string>> domains(SteadyTime now,
                                                          std::chrono::seconds lifetime) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    SteadyTime claimed{};
    SteadyTime learned{};  ///< a test may be claimed, and its session break before the reply
    bool everything = false;
  };
  RecentMap<std::pair<std::string, std::string>, Entry> entries_{50'000};  ///< by server and domain
};

/// A local part that nobody has: random, and recognisable in the primary's log.
std::string impossible_local_part();

}  // namespace fallbackmx
