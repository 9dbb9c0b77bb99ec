// The pages on http_listen.
#pragma once

#include <atomic>
#include <string>

#include "milter/pages/http.h"
#include "milter/pages/status_page.h"
#include "milter/session/desk.h"
#include "milter/setup/configuration.h"
#include "probe/base/clock.h"
#include "probe/base/metrics.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// What the pages tell of; all of it lives longer than they do.
struct PageSources {
  const Clock& clock;
  Metrics& metrics;
  Store& store;
  const Verifier& verifier;
  const Desk& desk;
  const Configuration& configuration;
  const std::atomic<bool>& ready;
  std::string listens_on{};
  WallTime started{};  ///< the daemon
};

/// `/` (for people), `/metrics` (Prometheus), `/healthz`, `/readyz`. Used by all threads of the server that
/// shows them, and outlives it.
class Pages {
 public:
  explicit Pages(PageSources from);

  /// They call back into this.
  HttpPages all() const;
  /// What the status page shows.
  StatusFacts facts() const;

 private:
  HttpAnswer metrics_page() const;
  HttpAnswer readiness() const;

  const PageSources from_;
};

}  // namespace fallbackmx
