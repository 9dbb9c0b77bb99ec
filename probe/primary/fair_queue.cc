#include "probe/primary/fair_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fallbackmx {

void FairQueue::push(const std::shared_ptr<Probe>& probe) {
  Lane& lane = probe->crowding ? lanes_[probe->client] : few_;
  lane.push_back(probe);
  ++size_;
  if (probe->crowding) ++crowding_;
}

void FairQueue::put_back(const Probes& probes) {
  again_.insert(again_.begin(), probes.begin(), probes.end());
  size_ += probes.size();
  for (const auto& probe : probes) crowding_ += probe->crowding ? 1 : 0;
}

std::shared_ptr<Probe> FairQueue::take(const Which& wanted) {
  if (auto probe = take_from(again_, wanted)) return probe;
  const bool lanes_first = std::exchange(lanes_turn_, !lanes_turn_);
  auto probe = lanes_first ? take_from_lanes(wanted) : take_from(few_, wanted);
  if (probe) return probe;
  return lanes_first ? take_from(few_, wanted) : take_from_lanes(wanted);
}

std::shared_ptr<Probe> FairQueue::take_from(Lane& lane, const Which& wanted) {
  const auto found =
      std::find_if(lane.begin(), lane.end(), [&](const auto& probe) { return wanted(*probe); });
  if (found == lane.end()) return nullptr;
  auto probe = *found;
  lane.erase(found);
  gone(*probe);
  return probe;
}

std::shared_ptr<Probe> FairQueue::take_from_lanes(const Which& wanted) {
  auto turn = lanes_.upper_bound(served_);
  for (std::size_t left = lanes_.size(); left > 0; --left, ++turn) {
    if (turn == lanes_.end()) turn = lanes_.begin();
    auto probe = take_from(turn->second, wanted);
    if (!probe) continue;
    served_ = turn->first;
    if (turn->second.empty()) lanes_.erase(turn);
    return probe;
  }
  return nullptr;
}

FairQueue::Probes FairQueue::take_all(const Which& wanted) {
  Probes taken;
  taken.reserve(size_);  // nothing must throw once the first is moved
  const auto take_out = [&](Lane& lane) {
    const auto out =
        std::stable_partition(lane.begin(), lane.end(), [&](const auto& probe) { return !wanted(*probe); });
    std::move(out, lane.end(), std::back_inserter(taken));
    lane.erase(out, lane.end());
  };
  take_out(again_);
  take_out(few_);
  for (auto& [client, lane] : lanes_) take_out(lane);
  std::erase_if(lanes_, [](const auto& entry) { return entry.second.empty(); });
  for (const auto& probe : taken) gone(*probe);
  return taken;
}

bool FairQueue::promote(const std::shared_ptr<Probe>& probe) {
  const auto own = lanes_.find(probe->client);
  if (own == lanes_.end()) return false;
  Lane& lane = own->second;
  const auto place = std::find(lane.begin(), lane.end(), probe);
  if (place == lane.end()) return false;
  few_.push_back(probe);  // the only thing that needs memory
  lane.erase(place);
  if (lane.empty()) lanes_.erase(own);
  --crowding_;
  probe->crowding = false;
  return true;
}

void FairQueue::for_each(const std::function<void(const std::shared_ptr<Probe>&)>& visit) const {
  std::for_each(again_.begin(), again_.end(), visit);
  std::for_each(few_.begin(), few_.end(), visit);
  for (const auto& [client, lane] : lanes_) std::for_each(lane.begin(), lane.end(), visit);
}

bool FairQueue::any(const Which& wanted) const {
  const auto among = [&](const Lane& lane) {
    return std::any_of(lane.begin(), lane.end(), [&](const auto& probe) { return wanted(*probe); });
  };
  return among(again_) || among(few_) ||
         std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& entry) { return among(entry.second); });
}

void FairQueue::gone(const Probe& probe) {
  --size_;
  if (probe.crowding) --crowding_;
}

}  // namespace fallbackmx
