// The way to a recipient's primary: its endpoints, and what each must show of TLS.
#pragma once

#include <mutex>
#include <vector>

#include "probe/dns/mx.h"
#include "probe/dns/route.h"
#include "probe/mail/verdict.h"
#include "probe/primary/engine.h"
#include "probe/verifier/question.h"
#include "probe/wire/socketmap.h"

namespace fallbackmx {

/// Used by many threads at once; blocks the caller while it asks the DNS and socketmaps, until the deadline
/// of the question at most. The engine outlives it.
class RouteFinder {
 public:
  RouteFinder(Engine& engine, const Settings& settings);

  struct Way {
    Route route;
    std::vector<TlsPolicy> policies{};  ///< of each endpoint; none: as the settings say
    Stage stage = Stage::lookup;        ///< where it ends, when there are no endpoints
  };
  Way find(const Question& question, const Settings& settings);

  /// The addresses that are ours may take seconds to find; with those that were found nothing can fail.
  OwnAddresses own_addresses(const Settings& settings) const;
  void renew(OwnAddresses own);

 private:
  Route route(const Question& question, const Settings& settings);
  void find_tls_policies(Way& way, const Question& question, const Settings& settings);

  Engine& engine_;
  Socketmaps socketmaps_;
  std::mutex mutex_;  ///< guards own_
  OwnAddresses own_;
};

}  // namespace fallbackmx
