#include "milter/pages/gauges.h"

#include <map>
#include <string>

namespace fallbackmx {

void set_gauges(Metrics& metrics, std::size_t addresses, const Activity& activity,
                const std::vector<PrimaryState>& primaries) {
  metrics.set(Gauge::probes_in_flight, static_cast<double>(activity.probes));
  metrics.set(Gauge::probe_waiters, static_cast<double>(activity.waiters));
  metrics.set(Gauge::sessions, static_cast<double>(activity.sessions.opening), {"opening"});
  metrics.set(Gauge::sessions, static_cast<double>(activity.sessions.open), {"open"});
  metrics.set(Gauge::sessions, static_cast<double>(activity.sessions.full), {"full"});
  metrics.set(Gauge::store_rows, static_cast<double>(addresses), {"address"});
  metrics.set(Gauge::store_rows, static_cast<double>(activity.proofs), {"proof"});
  metrics.set(Gauge::store_rows, static_cast<double>(activity.catchalls), {"catchall"});
  metrics.set(Gauge::store_rows, static_cast<double>(activity.troubles), {"health"});
  std::map<std::string, double> up;
  for (const auto& primary : primaries) up[primary.server] = primary.state == Health::State::down ? 0 : 1;
  metrics.replace(Gauge::primary_up, up);
}

}  // namespace fallbackmx
