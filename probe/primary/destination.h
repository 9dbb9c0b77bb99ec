// A set of endpoints with its queue of probes and the SMTP sessions that serve it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/primary/dispatcher.h"
#include "probe/primary/engine.h"
#include "probe/primary/probe_queue.h"
#include "probe/primary/roster.h"
#include "probe/primary/servers.h"
#include "probe/primary/session_threads.h"

namespace fallbackmx {

/// All domains that route to the same endpoints share one. Made by the Verifier. `ask` is called by the
/// threads of waiting clients, the second part by session threads; one lock guards everything but
/// `servers`, and is never held while talking to anybody.
class Destination {
 public:
  /// `policies`: what each endpoint must show of TLS, in the same order.
  /// `sender`: of its probes, instead of address_verify_sender.
  Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
              std::optional<std::string> sender = {});
  /// Ends the sessions with QUIT and waits for their threads.
  ~Destination();
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  struct Answer {
    std::optional<ProbeResult> result;  ///< none: late
    Source source = Source::probe;
  };
  /// Joins a probe in flight for this address, or queues one; waits until it is answered or the deadline. The
  /// probe goes on when the caller leaves. Does not wait for endpoints that are known to be down.
  /// `client`: as Question has it. `insist`: also when the server is known to accept everybody.
  Answer ask(const Address& recipient, const std::string& client, SteadyTime deadline, bool insist = false);

  /// Whoever waits leaves at once, and so does everybody from now on.
  void drain();
  /// New settings: sessions end as soon as they are idle.
  void renew();
  /// Somebody has changed the engine's health by hand: sessions with a server that is disabled get no more
  /// probes, and leave; what was queued for it alone is answered. Probes on the wire are waited for.
  void look_at_health();
  /// True when there is neither a probe nor a session: it may be forgotten.
  bool idle() const;
  /// Its servers, as they are now.
  std::vector<PrimaryState> look() const;
  Activity::Sessions sessions() const;

  // The rest is for its sessions.

  using Slot = Roster::Slot;

  Servers& servers() { return servers_; }
  /// The endpoints worth connecting to now, best first. Down ones only when their trial is due.
  std::vector<std::size_t> candidates(Slot& slot);
  /// Before a connection to one of them begins; false: leave it (Dispatcher::begin).
  bool begin(Slot& slot, std::size_t endpoint);
  /// There is a connection to it; its greeting is awaited.
  void connected(Slot& slot, std::size_t endpoint);
  /// The session stands.
  void opened(Slot& slot, std::size_t endpoint, std::size_t room);
  /// An endpoint could not be brought to the point where it takes MAIL. Tells every queued probe, unless
  /// other sessions of ours with it live: then that is its limit, and it is remembered.
  void unreachable(Slot& slot, std::size_t endpoint, const ProbeResult& result);
  /// Its endpoint has said nothing for primary_silence_time: it is down. True when another one can be asked;
  /// else whoever waits leaves with this result, and the session goes on: a slow server is heard all the
  /// same, later.
  bool fell_silent(Slot& slot, std::size_t endpoint, const ProbeResult& result);
  /// When a queued probe has waited for primary_silence_time, while one of the endpoints is down: what is
  /// left of that is all the next one gets.
  std::optional<SteadyTime> patience_ends() const;
  /// After that: it has spoken, or the session ends.
  void spoke_again(Slot& slot);
  /// The next probe for this endpoint, if any; `room` is what the session can take now; 0: it takes none any
  /// more.
  std::shared_ptr<Probe> take(Slot& slot, std::size_t room);
  /// The trial of an endpoint has got a reply to MAIL.
  void tried_well(std::size_t endpoint);
  /// An endpoint has spoken about a probe. `slow`: it took longer than a client waits.
  void land(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result, bool slow = false);
  /// A session died before these were answered: they are asked again, in this order, before all others.
  void give_back(const std::vector<std::shared_ptr<Probe>>& probes);
  /// Nothing is heard from this endpoint any more, not even acknowledgements. The sessions that stand with it
  /// are likely to be in the same case: they get no more probes, and leave. A new connection will tell.
  void lost(std::size_t endpoint);
  /// True when a session with nothing to do should leave now.
  bool should_leave(const Slot& slot) const;
  bool stopping() const { return stopping_; }

 private:
  // All of these are called with the lock held.
  void wait(const Probe& probe, Sleeper& sleeper, std::unique_lock<std::mutex>& lock, SteadyTime deadline);
  std::shared_ptr<Probe> enqueue(const Address& recipient, const std::string& client);
  void sift();
  void dispatch(bool recipient_came = false);
  void try_others(bool recipient_came);
  void give_up(std::string_view what, std::string_view why) noexcept;
  void finish(const std::shared_ptr<Probe>& probe, ProbeResult result);
  // Without it.
  void remember(const Probe& probe, const ProbeResult& result);

  Engine& engine_;
  Servers servers_;

  mutable std::mutex mutex_;
  ProbeQueue probes_;
  Roster sessions_;
  Dispatcher dispatcher_{engine_, servers_, probes_, sessions_};
  unsigned generation_ = 0;
  std::atomic<bool> stopping_ = false;  ///< changes with the lock held
  bool draining_ = false;
  bool late_ = false;         ///< its servers owe clients an answer, and have given none to anybody
  SteadyTime last_landed_{};  ///< a reply about a recipient

  SessionThreads threads_;
};

}  // namespace fallbackmx
