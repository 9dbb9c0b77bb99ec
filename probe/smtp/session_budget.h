// How much one SMTP session may still ask.
#pragma once

#include <cstddef>
#include <limits>

#include "conf/parameters.h"

namespace fallbackmx {

/// Belongs to an Interview, which tells it what it does. Pure arithmetic on probe_session_window,
/// probe_session_max_probes, probe_session_max_rejections, and the numbers of transactions and rejections
/// that the server is known to put up with.
class SessionBudget {
 public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  explicit SessionBudget(const Settings&, bool pipelining = false, std::size_t most_transactions = no_limit,
                         std::size_t most_rejections = no_limit);

  void count_probe() { ++probes_; }
  void count_transaction() { ++transactions_; }
  void count_rejection() { ++rejections_; }

  /// Probes that can be taken now, while `undecided` recipients are on the wire: each of them may turn out a
  /// rejection, and the primary counts them.
  std::size_t room(std::size_t undecided) const;
  /// No more probes, whatever becomes of those on the wire.
  bool spent() const { return room(0) == 0; }
  /// Whether one more recipient that is likely to be rejected does no harm at the end of the session. A probe
  /// would have left room for a control recipient; this one may have it.
  bool can_afford_rejection(std::size_t undecided) const;
  std::size_t rejections() const { return rejections_; }

 private:
  std::size_t window_, most_probes_, most_rejections_, most_transactions_;
  std::size_t probes_ = 0, transactions_ = 0, rejections_ = 0;
};

}  // namespace fallbackmx
