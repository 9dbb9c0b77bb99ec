#include "probe/verifier/backlog.h"

#include <algorithm>

namespace fallbackmx {

namespace {

const std::string& group_of(const Backlog::Item& item) {
  return item.next_hop.empty() ? item.recipient.domain() : item.next_hop;
}

}  // namespace

void Backlog::add(Item item, SteadyTime due) {
  if (waiting_.size() >= limit || waiting_.contains(item.recipient.key())) return;
  insert(std::move(item), due, false);
}

void Backlog::put_back(Item item, SteadyTime due) {
  const std::string group = group_of(item);
  if (!waiting_.contains(item.recipient.key())) insert(std::move(item), due, true);
  set_due(groups_.find(group), due);
}

// Whatever needs memory comes first: who runs out of it finds everything as it was.

std::optional<Backlog::Item> Backlog::take(SteadyTime now) {
  if (due() > now) return std::nullopt;
  const auto group = groups_.find(turns_.begin()->second);
  auto& items = group->second.items;
  const std::string key = items.front().recipient.key();
  const bool last = items.size() == 1;
  if (!last) set_due(group, now + pace);  // the others have their turn first
  Item item = std::move(items.front());
  items.pop_front();
  if (last) {
    turns_.erase(turns_.begin());
    groups_.erase(group);
  }
  waiting_.erase(key);
  not_before_ = now + pace;
  return item;
}

void Backlog::hurry(SteadyTime now) {
  // Those that are due already stay where they are: when very many primaries come back one after the other,
  // each hurries all.
  while (!turns_.empty() && turns_.rbegin()->first > now) set_due(groups_.find(turns_.rbegin()->second), now);
}

SteadyTime Backlog::due() const {
  return turns_.empty() ? SteadyTime::max() : std::max(turns_.begin()->first, not_before_);
}

void Backlog::insert(Item item, SteadyTime due, bool first) {
  const std::string key = item.recipient.key();
  const auto [group, is_new] = groups_.try_emplace(group_of(item), Group{due, {}});
  auto& items = group->second.items;
  try {
    first ? items.push_front(std::move(item)) : items.push_back(std::move(item));
    if (is_new) turns_.insert({due, group->first});
  } catch (...) {
    if (is_new) groups_.erase(group);
    throw;
  }
  waiting_.insert(key);
}

void Backlog::set_due(Groups::iterator group, SteadyTime due) {
  auto turn = turns_.extract({group->second.due, group->first});
  group->second.due = due;
  turn.value().first = due;
  turns_.insert(std::move(turn));
}

}  // namespace fallbackmx
