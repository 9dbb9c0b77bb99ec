#include "probe/smtp/session_budget.h"

#include <algorithm>

namespace fallbackmx {

namespace {

std::size_t left(std::size_t limit, std::size_t used) { return limit > used ? limit - used : 0; }

}  // namespace

SessionBudget::SessionBudget(const Settings& settings, bool pipelining, std::size_t most_transactions,
                             std::size_t most_rejections)
    : window_(pipelining ? static_cast<std::size_t>(settings.probe_session_window) : 1),
      most_probes_(static_cast<std::size_t>(settings.probe_session_max_probes)),
      most_rejections_(
          std::min(static_cast<std::size_t>(settings.probe_session_max_rejections), most_rejections)),
      most_transactions_(most_transactions) {}

std::size_t SessionBudget::room(std::size_t undecided) const {
  return std::min({left(window_, undecided), left(most_rejections_, rejections_ + undecided),
                   left(most_probes_, probes_), left(most_transactions_, transactions_)});
}

bool SessionBudget::can_afford_rejection(std::size_t undecided) const {
  return rejections_ + undecided < most_rejections_ && transactions_ <= most_transactions_;
}

}  // namespace fallbackmx
