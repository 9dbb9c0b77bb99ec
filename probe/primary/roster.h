// The SMTP sessions of one destination, as it sees them.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "probe/base/loop.h"
#include "probe/primary/activity.h"

namespace fallbackmx {

/// Belongs to a Destination. A session is opening, then stands with one endpoint until it is dismissed or
/// ends by itself.
class Roster {
 public:
  struct Slot {
    explicit Slot(Loop& loop) : place(loop) {}

    WaitPoint place;                       ///< where it waits
    std::optional<std::size_t> endpoint;   ///< that it stands with
    std::vector<std::size_t> knocking;     ///< endpoints it is trying to reach
    std::vector<std::size_t> begun;        ///< of these, the ones it has begun a connection to
    std::optional<std::size_t> connected;  ///< of these, the one whose greeting, or what follows, it awaits
    std::optional<std::size_t> trial;      ///< the only endpoint it is for, which is down; it takes no probes
    std::size_t room = 0;                  ///< probes it would take at once
    bool opening = true;
    bool silent = false;      ///< its server owes a reply for so long that nobody waits for it any more
    unsigned generation = 0;  ///< of the settings
  };
  using Slots = std::list<std::shared_ptr<Slot>>;

  /// A session that is about to be started. `trial`: the endpoint that it is a trial of, if it is one.
  std::shared_ptr<Slot> add(Loop& loop, unsigned generation, std::optional<std::size_t> trial = {});
  /// It has ended, or could not be started.
  void remove(const std::shared_ptr<Slot>& slot) { sessions_.remove(slot); }

  Activity::Sessions activity() const;
  bool empty() const { return sessions_.empty(); }
  /// How many there are that take probes: trials do not, and do not count in what follows either.
  std::size_t size() const;
  bool anybody_opening() const;
  bool trial_in_progress() const;
  bool anybody_standing() const;
  /// How many stand with an endpoint, or are trying to reach it.
  std::size_t standing(std::size_t endpoint) const;
  std::size_t knocking(std::size_t endpoint) const;

  /// Probes that would be taken at once, if each session that is opening took `each`.
  std::size_t room(std::size_t each) const;
  /// Whether no other session with the same endpoint has more room; of those with the same, the last.
  bool has_most_room(const Slot& slot) const;
  /// The others look for more as soon as they have room.
  void wake_those_with_room();
  void wake_all();
  /// Those that are connected to this endpoint and do not stand yet: nobody waits for them any more.
  void hush(std::size_t endpoint);
  /// Sessions that stand with this endpoint get no more probes, and leave.
  void dismiss(std::size_t endpoint);

 private:
  Slots sessions_;
};

}  // namespace fallbackmx
