// A set of endpoints with its queue of probes and the SMTP sessions that serve it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/primary/dispatcher.h"
#include "probe/primary/engine.h"
#include "probe/primary/probe_queue.h"
#include "probe/primary/roster.h"
#include "probe/primary/servers.h"

namespace fallbackmx {

/// All domains that route to the same endpoints share one. Made by the Verifier; lives on the loop. The
/// second part is for its sessions, which are coroutines there.
class Destination {
 public:
  /// `policies`: what each endpoint must show of TLS, in the same order.
  /// `sender`: of its probes, instead of address_verify_sender.
  Destination(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
              std::optional<std::string> sender = {});
  /// No session may be left.
  ~Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  struct Request {
    Address recipient;
    std::string client;                         ///< as Question has it
    SteadyTime deadline;                        ///< the client waits until then
    bool insist = false;                        ///< ask also when the server is known to accept everybody
    std::optional<AddressRecord> remembered{};  ///< about the recipient
  };
  /// Joins a probe in flight for this address, or queues one. It goes on when the client has left. No client
  /// waits for endpoints that are known to be down.
  void ask(const Request& request, std::shared_ptr<Waiter> waiter);

  /// Clients that wait leave at once, and so do all from now on.
  void drain();
  /// Sessions end with QUIT, at once.
  void stop();
  /// New settings: sessions end as soon as they are idle.
  void renew();
  /// Somebody has changed the engine's health by hand: sessions with a server that is disabled get no more
  /// probes, and leave; what was queued for it alone is answered. Probes on the wire are waited for.
  void look_at_health();
  /// True when there is neither a probe nor a session: it may be forgotten.
  bool idle() const;
  bool without_sessions() const { return sessions_.empty(); }
  /// Its servers, as they are now.
  std::vector<PrimaryState> look() const;
  Activity::Sessions sessions() const;
  std::size_t waiting() const { return probes_.waiting(); }

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
  /// When a queued probe has waited for primary_silence_time, while one of the endpoints is down, or after a
  /// session that was lost: what is left of that is all the next one gets.
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
  std::shared_ptr<Probe> enqueue(const Request& request);
  void wait_for(Probe& probe, const Request& request, std::shared_ptr<Waiter> waiter, Source source);
  void leave(Probe& probe, std::list<Probe::Waiting>::iterator waiting);
  void launch(std::optional<std::size_t> trial = {}) noexcept;
  Task<> attend(std::shared_ptr<Slot> slot);
  void sift();
  void dispatch(bool recipient_came = false);
  void try_others(bool recipient_came);
  bool ask_once_more();
  void note_unanswered(const Address& recipient);
  void plan_trial();
  void waited_since(SteadyTime begin);
  void give_up(std::string_view what, std::string_view why) noexcept;
  void finish(const std::shared_ptr<Probe>& probe, ProbeResult result);
  void remember(const Probe& probe, const ProbeResult& result);

  Engine& engine_;
  Servers servers_;

  ProbeQueue probes_;
  Roster sessions_;
  Dispatcher dispatcher_{engine_, servers_, probes_, sessions_};
  unsigned generation_ = 0;
  bool stopping_ = false;
  bool draining_ = false;
  bool late_ = false;         ///< its servers owe clients an answer, and have given none to anybody
  SteadyTime last_landed_{};  ///< a reply about a recipient
  SteadyTime::duration longest_wait_{0};  ///< of a client, since then

  std::deque<Address> unanswered_;     ///< the last recipients that could not be asked about, latest first
  SteadyTime last_asked_{};            ///< about any
  std::optional<Timeout> next_trial_;  ///< while one of its servers is down
};

}  // namespace fallbackmx
