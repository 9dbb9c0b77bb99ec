#include "probe/primary/probe_queue.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

namespace {

/// No host has decided so far: the kind nearest to the recipient stands.
void keep_nearest(Probe& probe, ProbeResult result) {
  if (!probe.unknown ||
      nearest_to_recipient(result.verdict, probe.unknown->verdict) != probe.unknown->verdict) {
    probe.unknown = std::move(result);
  }
}

void tell(Probe& probe, const std::optional<ProbeResult>& result) {
  for (const Probe::Waiting& waiting : probe.waiters) waiting.waiter->answer({result, waiting.source});
  probe.waiters.clear();
}

}  // namespace

std::shared_ptr<Probe> ProbeQueue::find(const Address& recipient) const {
  const auto found = in_flight_.find(recipient.key());
  return found == in_flight_.end() ? nullptr : found->second;
}

bool ProbeQueue::full_for(const std::string& client, int limit) const {
  return everywhere_ >= limit || in_flight(client) >= static_cast<std::size_t>(limit + 1) / 2;
}

std::shared_ptr<Probe> ProbeQueue::add(const Address& recipient, const std::string& client, SteadyTime now,
                                       std::optional<AddressRecord> remembered) {
  auto probe = std::make_shared<Probe>(recipient, client, now, endpoints_);
  probe->remembered = std::move(remembered);
  std::size_t& of_client = clients_[client];
  probe->crowding = of_client + 1 > few;
  try {
    in_flight_.emplace(probe->key, probe);
    queue_.push(probe);
  } catch (...) {
    in_flight_.erase(probe->key);
    if (of_client == 0) clients_.erase(client);
    throw;
  }
  ++of_client;
  ++everywhere_;
  return probe;
}

void ProbeQueue::finish_lost(Verdict verdict, std::string_view why) {
  for (auto each = in_flight_.begin(); each != in_flight_.end();) {
    const auto& probe = (each++)->second;
    if (probe.use_count() > 1) continue;
    const std::shared_ptr<Probe> lost = probe;
    ProbeResult result{.verdict = verdict};
    result.why = why;
    finish(lost, std::move(result));
  }
}

bool ProbeQueue::join(const std::shared_ptr<Probe>& probe, const std::string& client) {
  return probe->crowding && in_flight(client) < few && queue_.promote(probe);
}

std::size_t ProbeQueue::in_flight(const std::string& client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? 0 : found->second;
}

void ProbeQueue::finish(const std::shared_ptr<Probe>& probe, ProbeResult result) {
  in_flight_.erase(probe->key);
  --everywhere_;
  const auto client = clients_.find(probe->client);
  if (--client->second == 0) clients_.erase(client);
  probe->result = std::move(result);
  tell(*probe, probe->result);
}

std::shared_ptr<Probe> ProbeQueue::take(std::size_t endpoint, bool kept) {
  return queue_.take([&](const Probe& probe) { return !probe.tried[endpoint] && !(kept && probe.crowding); });
}

void ProbeQueue::give_back(const std::vector<std::shared_ptr<Probe>>& probes) { queue_.put_back(probes); }

void ProbeQueue::go_on(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result) {
  probe->tried[endpoint] = true;
  keep_nearest(*probe, std::move(result));
  queue_.put_back({probe});
}

void ProbeQueue::pass_over(std::size_t endpoint, const ProbeResult& result) {
  queue_.for_each([&](const std::shared_ptr<Probe>& probe) {
    if (probe->tried[endpoint]) return;
    probe->tried[endpoint] = true;
    keep_nearest(*probe, result);
  });
}

bool ProbeQueue::open_at(const Probe& probe, const Endpoints& of) const {
  for (std::size_t i = 0; i < endpoints_; ++i) {
    if (!probe.tried[i] && of(i)) return true;
  }
  return false;
}

std::vector<std::shared_ptr<Probe>> ProbeQueue::without_hope(const Endpoints& reachable) {
  return queue_.take_all([&](const Probe& probe) { return !open_at(probe, reachable); });
}

std::vector<std::shared_ptr<Probe>> ProbeQueue::take_all() {
  return queue_.take_all([](const Probe&) { return true; });
}

bool ProbeQueue::wants(const Endpoints& of) const {
  return queue_.any([&](const Probe& probe) { return open_at(probe, of); });
}

bool ProbeQueue::stranded(const Endpoints& served) const {
  return queue_.any([&](const Probe& probe) { return !open_at(probe, served); });
}

std::optional<SteadyTime> ProbeQueue::oldest_queued(bool untried) const {
  std::optional<SteadyTime> oldest;
  queue_.for_each([&](const std::shared_ptr<Probe>& probe) {
    const bool counts = !probe->waiters.empty() && (untried || probe->strikes > 0);
    if (counts && (!oldest || probe->queued < *oldest)) oldest = probe->queued;
  });
  return oldest;
}

void ProbeQueue::tell_waiters(const ProbeResult& meanwhile) {
  for (const auto& [key, probe] : in_flight_) {
    probe->meanwhile = meanwhile;
    tell(*probe, meanwhile);
  }
}

void ProbeQueue::take_back_told() {
  for (const auto& [key, probe] : in_flight_) probe->meanwhile.reset();
}

std::size_t ProbeQueue::waiting() const {
  std::size_t count = 0;
  for (const auto& [key, probe] : in_flight_) count += probe->waiters.size();
  return count;
}

std::optional<SteadyTime> ProbeQueue::waiting_since() const {
  std::optional<SteadyTime> since;
  for (const auto& [key, probe] : in_flight_) {
    // In the order in which they came.
    if (!probe->waiters.empty() && (!since || probe->waiters.front().since < *since))
      since = probe->waiters.front().since;
  }
  return since;
}

void ProbeQueue::hurry(std::chrono::seconds most, SteadyTime now) {
  for (const auto& [key, probe] : in_flight_) {
    if (probe->client.empty()) continue;
    for (Probe::Waiting& waiting : probe->waiters)
      waiting.leaves->move_to(std::clamp(waiting.since + most, now, std::max(now, waiting.deadline)));
  }
}

void ProbeQueue::dismiss_waiters() {
  for (const auto& [key, probe] : in_flight_) tell(*probe, std::nullopt);
}

}  // namespace fallbackmx
