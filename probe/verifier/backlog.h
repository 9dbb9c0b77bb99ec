// The recipients that wait to be asked about in nobody's time, and when it is whose turn.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "conf/tables/tls_policies.h"
#include "probe/base/clock.h"
#include "probe/mail/address.h"

namespace fallbackmx {

/// A remembered answer that is due to be asked again, and a recipient whose primary could not be asked.
/// Bounded: what finds no room is left to the next message. In memory only: a restart forgets it, with the
/// same effect. Grouped by next hop, so that a primary that is down delays no other's. One thread at a time;
/// time is handed in.
class Backlog {
 public:
  struct Item {
    Address recipient;
    std::string next_hop;  ///< as in Question, and so the next two
    std::optional<TlsLevel> tls{};
    std::optional<std::string> sender{};
    WallTime since{};         ///< an answer from then on makes it superfluous
    bool unanswered = false;  ///< waits until the primary can be asked; else its one chance is enough
  };

  /// Ignores a recipient that waits already. It is the item's turn at `due` at the earliest, or when that of
  /// others of its next hop comes.
  void add(Item item, SteadyTime due);
  /// The next one whose turn has come. Between two of them goes at least pace, so that a primary that is
  /// back after a day is not greeted by a crowd.
  std::optional<Item> take(SteadyTime now);
  /// Its primary cannot be asked: neither this one nor the others of its next hop before `due`.
  void put_back(Item item, SteadyTime due);
  /// Some primary is back: all next hops have a turn now, for who knows which of them lead there.
  void hurry(SteadyTime now);
  /// When take() will have something.
  SteadyTime due() const;
  std::size_t size() const { return waiting_.size(); }

  static constexpr std::chrono::milliseconds pace{100};
  static constexpr std::size_t limit = 10'000;

 private:
  struct Group {
    SteadyTime due;
    std::deque<Item> items;
  };
  using Groups = std::map<std::string, Group>;
  void insert(Item item, SteadyTime due, bool first);
  void set_due(Groups::iterator group, SteadyTime due);

  Groups groups_;                                       ///< by next hop; none is empty
  std::set<std::pair<SteadyTime, std::string>> turns_;  ///< of the same groups
  std::unordered_set<std::string> waiting_;             ///< Address::key()
  SteadyTime not_before_ = SteadyTime::min();
};

}  // namespace fallbackmx
