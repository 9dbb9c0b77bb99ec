// Several DNS questions that are asked at the same time, and what the answer to one does to the patience with
// another.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "probe/base/patience.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// Lives in the one call of lookup_all() that asks them; used by all threads that help it. A host's A and
/// AAAA questions belong together: once one has addresses, nobody waits for the other longer than
/// `resolution_delay`.
class Lookups {
 public:
  /// The questions outlive it.
  Lookups(std::span<const Lookup>, SteadyTime deadline);

  /// Somebody begins to ask the question, and has this much patience.
  const Patience& begin(std::size_t question, SteadyTime now);
  void end(std::size_t question, DnsAnswer, SteadyTime now) noexcept;
  /// When all have ended; in the order of the questions.
  std::vector<DnsAnswer> answers() && { return std::move(answers_); }

 private:
  struct State {
    explicit State(SteadyTime deadline) : patience(deadline) { patience.may_be_interrupted(); }
    Patience patience;
    std::optional<std::size_t> other;  ///< the question about this host's addresses of the other kind
    bool begun = false, found = false;
  };

  std::mutex mutex_;  ///< protects the states but for their patience, and the answers until all have ended
  std::deque<State> states_;  ///< a deque: a Patience stays where it is
  std::vector<DnsAnswer> answers_;
};

}  // namespace fallbackmx
