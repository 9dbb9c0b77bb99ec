// What was changed and is not in the file yet.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "probe/store/record.h"

namespace fallbackmx {

/// Two heaps: what waits, and what the writer has taken and is writing. Needs the lock of whoever owns it,
/// but for what take() returned: that changes only in written(), and so the writer may read it without.
class PendingChanges {
 public:
  /// By key; no record means forget.
  using Changes = std::unordered_map<std::string, std::optional<AddressRecord>>;

  /// False when too many wait already: a disk that slow shall not eat our memory.
  bool add(const std::string& key, std::optional<AddressRecord> record);
  /// The latest change of a key, null if there is none.
  const std::optional<AddressRecord>* find(const std::string& key) const;

  struct OfDomain {
    std::unordered_set<std::string> keys;  ///< all that changed
    std::string best;                      ///< the most recently accepted one; empty if there is none
    WallTime last_yes{};
  };
  /// `except` cannot be the best.
  OfDomain of_domain(std::string_view domain, const std::set<std::string>& except = {}) const;

  /// True when nothing waits.
  bool empty() const { return waiting_.empty(); }
  const Changes& take();
  /// What was taken waits again, unless it has changed since.
  void give_back();
  /// What was taken, out of the way: destroy it without the lock, it may be large.
  [[nodiscard]] Changes written();

 private:
  Changes waiting_, taken_;
};

/// The part of a key after the last @.
std::string_view domain_of_key(std::string_view key);

}  // namespace fallbackmx
