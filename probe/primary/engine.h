// What all destinations share.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/rate_limit.h"
#include "probe/dns/dns.h"
#include "probe/dns/hosts_file.h"
#include "probe/primary/catchall.h"
#include "probe/primary/control.h"
#include "probe/primary/health.h"
#include "probe/primary/known_rejections.h"
#include "probe/primary/roster.h"
#include "probe/primary/services.h"
#include "probe/primary/unheard_rejections.h"
#include "probe/store/store.h"
#include "probe/wire/stream.h"
#include "probe/wire/tls.h"

namespace fallbackmx {

class Destination;

/// Owned by the Verifier; outlives every Destination. Each member looks after its own locking.
class Engine {
 public:
  /// A session with one of a destination's servers, or the trial of one, from its beginning to its end.
  using RunSession = std::function<void(Destination&, Roster::Slot&)>;

  /// `when_back` is called by a session's thread, which holds no lock.
  Engine(Services around, std::shared_ptr<const Settings> settings, std::shared_ptr<TlsContext> tls,
         RunSession run, std::function<void()> when_back)
      : services(around),
        run_session(std::move(run)),
        primary_is_back(std::move(when_back)),
        settings_(std::move(settings)),
        tls_(std::move(tls)) {}

  const Services services;
  const RunSession run_session;
  const std::function<void()> primary_is_back;  ///< one that was down gives replies again
  Health health;
  HostsFile hosts;  ///< of this machine
  Control control;
  Catchall catchall;
  KnownRejections known_rejections;
  UnheardRejections unheard_rejections;
  std::atomic<std::uint64_t> sessions{0};  ///< how many there have been: gives each a number
  std::atomic<int> pending{0};             ///< probes queued or on the wire, everywhere
  std::atomic<int> waiting{0};             ///< clients that wait for them

  /// At most once in ten minutes each.
  void warn_seldom(const std::string& warning) {
    {
      const std::lock_guard lock(mutex_);
      if (!warnings_.pass(warning, services.clock.now())) return;
    }
    services.log.warning(warning);
  }

  std::shared_ptr<const Settings> settings() const {
    const std::lock_guard lock(mutex_);
    return settings_;
  }
  std::shared_ptr<TlsContext> tls() const {
    const std::lock_guard lock(mutex_);
    return tls_;
  }
  void renew(std::shared_ptr<const Settings> settings, std::shared_ptr<TlsContext> tls) {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
    tls_ = std::move(tls);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<TlsContext> tls_;
  RateLimit warnings_{std::chrono::minutes(10), 100};
};

}  // namespace fallbackmx
