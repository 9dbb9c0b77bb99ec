// What is known about the servers of a destination without asking any of them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "probe/address.h"
#include "probe/engine.h"
#include "probe/probe.h"

namespace fallbackmx {

/// Reads what the engine remembers; owns nothing, changes nothing. Safe for use by all threads at once.
class Prospects {
 public:
  /// Both outlive it. `endpoints`: best first, at least one.
  Prospects(const Engine& engine, const std::vector<Endpoint>& endpoints)
      : engine_(engine), endpoints_(endpoints) {}

  /// What Health::may_knock() would say now, without using up the turn.
  bool may_be_knocked_at(std::size_t endpoint) const;
  bool all_down() const;
  /// Whether one of them may be knocked at.
  bool trial_due() const;
  /// What becomes of a probe while all are down.
  ProbeResult down() const;
  /// A yes without asking, when the server that would be asked first accepts everybody.
  std::optional<ProbeResult> accepted_anyway(const Address& recipient) const;

 private:
  const Engine& engine_;
  const std::vector<Endpoint>& endpoints_;
};

}  // namespace fallbackmx
