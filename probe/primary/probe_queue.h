// The probes of one destination: which are in flight, which of them wait for a session, and what has been
// heard so far.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/primary/fair_queue.h"

namespace fallbackmx {

/// Belongs to a Destination. A probe is in flight from `add` to `finish`, or to
/// the end of this; in between it is queued, or some session has it.
class ProbeQueue {
 public:
  /// `everywhere` counts the probes in flight of all destinations; this adds its own.
  ProbeQueue(std::size_t endpoints, int& everywhere) : endpoints_(endpoints), everywhere_(everywhere) {}
  ~ProbeQueue() { everywhere_ -= static_cast<int>(in_flight_.size()); }
  ProbeQueue(const ProbeQueue&) = delete;
  ProbeQueue& operator=(const ProbeQueue&) = delete;

  /// The probes of one client that do not count as crowding.
  static constexpr std::size_t few = 2;

  /// The probe in flight for an address; null if there is none.
  std::shared_ptr<Probe> find(const Address& recipient) const;
  /// Whether this client is to queue no more: all together may have `limit` in flight, everywhere, and one
  /// client alone half of that here.
  bool full_for(const std::string& client, int limit) const;
  /// Queues a new probe for an address that has none in flight.
  std::shared_ptr<Probe> add(const Address& recipient, const std::string& client, SteadyTime now,
                             std::optional<AddressRecord> remembered = {});
  /// Another client asks for the same, and does not wait longer than if it had been the first. True when this
  /// is news for sessions.
  bool join(const std::shared_ptr<Probe>& probe, const std::string& client);
  /// The answer is there: all clients that wait for it hear it.
  void finish(const std::shared_ptr<Probe>& probe, ProbeResult result);

  /// Finishes what is in flight and in nobody's hands: a session that ran out of memory has dropped it. Needs
  /// no memory if `why` is short.
  void finish_lost(Verdict verdict, std::string_view why);

  /// The next queued probe that this endpoint has not been asked about; null if there is none. `kept`: for
  /// those that are not crowding.
  std::shared_ptr<Probe> take(std::size_t endpoint, bool kept = false);
  /// Puts probes that were not answered before all others, in this order.
  void give_back(const std::vector<std::shared_ptr<Probe>>& probes);
  /// An endpoint gave no verdict on a probe that was taken: the next one is to be asked, before all others.
  void go_on(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result);
  /// An endpoint cannot be asked about any of the queued probes.
  void pass_over(std::size_t endpoint, const ProbeResult& result);

  using Endpoints = std::function<bool(std::size_t endpoint)>;
  /// Takes out and returns the queued probes for which no endpoint is left that `reachable` is true of.
  std::vector<std::shared_ptr<Probe>> without_hope(const Endpoints& reachable);
  /// Takes out and returns all that are queued.
  std::vector<std::shared_ptr<Probe>> take_all();
  /// True when some queued probe waits to be asked about at an endpoint that `of` is true of.
  bool wants(const Endpoints& of) const;
  /// True when some queued probe can be asked about at no endpoint that `served` is true of.
  bool stranded(const Endpoints& served) const;

  std::size_t queued() const { return queue_.size(); }
  /// Since when the oldest of them has been waited for; those that nobody waits for do not count, nor,
  /// without `untried`, those that no session was lost with.
  std::optional<SteadyTime> oldest_queued(bool untried) const;
  std::size_t crowding() const { return queue_.crowding(); }
  std::size_t in_flight() const { return in_flight_.size(); }
  /// Those of one client.
  std::size_t in_flight(const std::string& client) const;
  /// Clients that wait for any of them hear that, and so do those that join them, until it is taken back.
  void tell_waiters(const ProbeResult& meanwhile);
  void take_back_told();
  /// How many clients wait, and since when the one that waits longest.
  std::size_t waiting() const;
  std::optional<SteadyTime> waiting_since() const;
  /// They wait no longer than that from now on: no client but those asks in its own time.
  void hurry(std::chrono::seconds most, SteadyTime now);
  /// They leave without an answer.
  void dismiss_waiters();

 private:
  bool open_at(const Probe& probe, const Endpoints& of) const;

  const std::size_t endpoints_;
  int& everywhere_;
  FairQueue queue_;
  std::map<std::string, std::shared_ptr<Probe>> in_flight_;  ///< by Address::key()
  std::map<std::string, std::size_t> clients_;               ///< how many of them are each client's
};

}  // namespace fallbackmx
