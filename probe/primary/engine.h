// What all destinations share.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/loop.h"
#include "probe/base/rate_limit.h"
#include "probe/base/recent_map.h"
#include "probe/base/worker_thread.h"
#include "probe/dns/dns.h"
#include "probe/dns/hosts_file.h"
#include "probe/primary/catchall.h"
#include "probe/primary/control.h"
#include "probe/primary/health.h"
#include "probe/primary/known_rejections.h"
#include "probe/primary/probe.h"
#include "probe/primary/roster.h"
#include "probe/primary/server_note.h"
#include "probe/primary/services.h"
#include "probe/primary/unheard_rejections.h"
#include "probe/primary/unverified_counts.h"
#include "probe/store/store.h"
#include "probe/wire/stream.h"
#include "probe/wire/tls.h"

namespace fallbackmx {

class Destination;

/// Owned by the Verifier; outlives every Destination. On the loop's thread, but for `known_rejections`,
/// `unheard_rejections`, `unverified`, `news`, `hosts`, `settings` and `tls`, which any thread may use.
class Engine {
 public:
  /// A session with one of a destination's servers, or the trial of one, from its beginning to its end.
  using RunSession = std::function<Task<>(Destination&, Roster::Slot&)>;

  Engine(Services around, std::shared_ptr<const Settings> settings, std::shared_ptr<TlsContext> tls,
         RunSession run, std::function<void()> when_back)
      : services(around),
        loop(around.loop),
        session_ended(around.loop),
        store_reader(around.clock),
        run_session(std::move(run)),
        primary_is_back(std::move(when_back)),
        settings_(std::move(settings)),
        tls_(std::move(tls)) {}

  const Services services;
  Loop& loop;
  WaitPoint session_ended;    ///< where it is waited for, at the end
  WorkerThread store_reader;  ///< for questions to the store that may have to wait for a disk
  const RunSession run_session;
  const std::function<void()> primary_is_back;  ///< one that was down gives replies again
  Health health;
  HostsFile hosts;  ///< of this machine
  Control control;
  Catchall catchall;
  /// By Endpoint::key(): what was known of servers when the process began, or of those of destinations that
  /// were forgotten.
  RecentMap<std::string, ServerNote> server_notes{20'000};
  UnverifiedCounts unverified;
  KnownRejections known_rejections;
  UnheardRejections unheard_rejections;
  /// Counts the moments from which what was said of a server that is down holds no longer. Any thread reads
  /// it.
  std::atomic<std::uint64_t> news{0};
  std::uint64_t sessions = 0;  ///< how many there have been: gives each a number
  int pending = 0;             ///< probes queued or on the wire, everywhere

  /// What is remembered about its recipient, as far as that can be said without waiting for a disk.
  std::optional<AddressRecord> recall(const Probe& probe) const {
    if (auto known = services.store.at_hand(probe.key)) return std::move(known->record);
    return probe.remembered;
  }

  /// At most once in ten minutes each.
  void warn_seldom(const std::string& warning) {
    if (warnings_.pass(warning, services.clock.now())) services.log.warning(warning);
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
  RateLimit warnings_{std::chrono::minutes(10), 100};
  mutable std::mutex mutex_;  ///< guards what follows
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<TlsContext> tls_;
};

}  // namespace fallbackmx
