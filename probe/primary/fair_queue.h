// What waits for a session, in an order that lets nobody crowd out the others.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "probe/primary/probe.h"

namespace fallbackmx {

/// Belongs to a ProbeQueue. Who asks for few recipients at a time is served in the order of asking; who asks
/// for many (Probe::crowding) waits in a lane of his own, and the lanes take turns with each other and with
/// the few. What was taken and put back comes before all others.
class FairQueue {
 public:
  using Probes = std::vector<std::shared_ptr<Probe>>;
  using Which = std::function<bool(const Probe&)>;

  void push(const std::shared_ptr<Probe>& probe);
  void put_back(const Probes& probes);
  /// The next one of those that are `wanted`; null if there is none.
  std::shared_ptr<Probe> take(const Which& wanted);
  /// Takes out all of those, in the order in which they were put in.
  Probes take_all(const Which& wanted);
  /// No longer one of many: somebody else wants to know this, too. False for what is not in its lane.
  bool promote(const std::shared_ptr<Probe>& probe);

  void for_each(const std::function<void(const std::shared_ptr<Probe>&)>& visit) const;
  bool any(const Which& wanted) const;
  std::size_t size() const { return size_; }
  /// Those that are `crowding`.
  std::size_t crowding() const { return crowding_; }

 private:
  using Lane = std::deque<std::shared_ptr<Probe>>;
  std::shared_ptr<Probe> take_from(Lane& lane, const Which& wanted);
  std::shared_ptr<Probe> take_from_lanes(const Which& wanted);
  void gone(const Probe& probe);

  Lane again_, few_;
  std::map<std::string, Lane> lanes_;  ///< by Probe::client; none is empty
  std::string served_;                 ///< the lane whose turn was last
  bool lanes_turn_ = false;
  std::size_t size_ = 0, crowding_ = 0;
};

}  // namespace fallbackmx
