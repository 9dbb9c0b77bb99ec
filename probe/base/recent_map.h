// A map with a bound: what has not been touched longest is forgotten first.
#pragma once

#include <cstddef>
#include <list>
#include <map>

namespace fallbackmx {

/// Everything costs O(log n). Not safe for use by several threads: the owner locks.
template <class Key, class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(most) {}
  RecentMap(const RecentMap&) = delete;
  RecentMap& operator=(const RecentMap&) = delete;

  /// Null when it was never touched, or is forgotten. To look is not to touch.
  const Value* find(const Key& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.value;
  }
  Value* find(const Key& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.value;
  }

  /// The same, and from now on it is the last one to be forgotten.
  Value* find_and_touch(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.end(), order_, found->second.place);
    return &found->second.value;
  }

  /// The value, made if there is none; from now on the last one to be forgotten. Nothing has changed when it
  /// throws.
  Value& touch(const Key& key) {
    if (Value* known = find_and_touch(key)) return *known;
    // The place first: an entry without one could never be forgotten.
    Order place{nullptr};
    const auto entry = entries_.try_emplace(key).first;
    place.front() = &entry->first;
    entry->second.place = place.begin();
    order_.splice(order_.end(), place);
    if (entries_.size() > most_) erase(*order_.front());
    return entry->second.value;
  }

  void erase(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    order_.erase(found->second.place);
    entries_.erase(found);
  }

  void clear() {
    order_.clear();
    entries_.clear();
  }

  /// `visit(key, value)` for each, in the order of the keys.
  template <class Visitor>
  void each(Visitor visit) const {
    for (const auto& [key, entry] : entries_) visit(key, entry.value);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Order = std::list<const Key*>;
  struct Entry {
    Value value{};
    typename Order::iterator place{};
  };

  const std::size_t most_;
  std::map<Key, Entry> entries_;
  Order order_;  ///< the keys of the entries; touched last comes last
};

}  // namespace fallbackmx
