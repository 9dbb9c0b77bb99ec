#include "probe/probe_queue.h"

#include <algorithm>
#include <iterator>
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

}  // namespace

std::shared_ptr<Probe> ProbeQueue::find(const Address& recipient) const {
  const auto found = in_flight_.find(recipient.key());
  return found == in_flight_.end() ? nullptr : found->second;
}

std::shared_ptr<Probe> ProbeQueue::add(const Address& recipient, SteadyTime now) {
  auto probe = std::make_shared<Probe>(recipient, now, endpoints_);
  in_flight_.emplace(recipient.key(), probe);
  queue_.push_back(probe);
  return probe;
}

void ProbeQueue::finish(const std::shared_ptr<Probe>& probe, ProbeResult result) {
  in_flight_.erase(probe->recipient.key());
  probe->result = std::move(result);
  for (Sleeper* waiter : probe->waiters) waiter->wake();
}

std::shared_ptr<Probe> ProbeQueue::take(std::size_t endpoint) {
  const auto found =
      std::find_if(queue_.begin(), queue_.end(), [&](const auto& probe) { return !probe->tried[endpoint]; });
  if (found == queue_.end()) return nullptr;
  auto probe = *found;
  queue_.erase(found);
  return probe;
}

void ProbeQueue::give_back(const std::vector<std::shared_ptr<Probe>>& probes) {
  queue_.insert(queue_.begin(), probes.begin(), probes.end());
}

void ProbeQueue::go_on(const std::shared_ptr<Probe>& probe, std::size_t endpoint, ProbeResult result) {
  probe->tried[endpoint] = true;
  keep_nearest(*probe, std::move(result));
  queue_.push_front(probe);
}

void ProbeQueue::pass_over(std::size_t endpoint, const ProbeResult& result) {
  for (const auto& probe : queue_) {
    if (probe->tried[endpoint]) continue;
    probe->tried[endpoint] = true;
    keep_nearest(*probe, result);
  }
}

bool ProbeQueue::open_at(const Probe& probe, const Endpoints& of) const {
  for (std::size_t i = 0; i < endpoints_; ++i) {
    if (!probe.tried[i] && of(i)) return true;
  }
  return false;
}

std::vector<std::shared_ptr<Probe>> ProbeQueue::without_hope(const Endpoints& reachable) {
  const auto begin = std::stable_partition(queue_.begin(), queue_.end(),
                                           [&](const auto& probe) { return open_at(*probe, reachable); });
  std::vector<std::shared_ptr<Probe>> hopeless(std::make_move_iterator(begin),
                                               std::make_move_iterator(queue_.end()));
  queue_.erase(begin, queue_.end());
  return hopeless;
}

std::vector<std::shared_ptr<Probe>> ProbeQueue::take_all() {
  return without_hope([](std::size_t) { return false; });
}

bool ProbeQueue::wants(const Endpoints& of) const {
  return std::any_of(queue_.begin(), queue_.end(), [&](const auto& probe) { return open_at(*probe, of); });
}

bool ProbeQueue::stranded(const Endpoints& served) const {
  return !std::all_of(queue_.begin(), queue_.end(),
                      [&](const auto& probe) { return open_at(*probe, served); });
}

void ProbeQueue::wake_all() {
  for (const auto& [key, probe] : in_flight_) {
    for (Sleeper* waiter : probe->waiters) waiter->wake();
  }
}

}  // namespace fallbackmx
