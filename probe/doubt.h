// Noes without proof, and the control recipients that may prove them: for one domain, within one session.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe/probe.h"

namespace fallbackmx {

/// Belongs to a Proof. A no counts only from a server that has said yes: what is collected here waits for
/// the server to accept a control recipient of the same domain.
class Doubt {
 public:
  /// `controls` in the order to try them.
  explicit Doubt(std::vector<Address> controls) : controls_(std::move(controls)) {}

  void add(ProbeOutcome no) { unproven_.push_back(std::move(no)); }
  const std::vector<ProbeOutcome>& unproven() const { return unproven_; }

  /// The control recipient to ask for next: one that is not itself in doubt. Nothing when all have been
  /// tried.
  std::optional<Address> next_control();
  /// A control of this domain is on the wire.
  bool asking = false;

 private:
  std::vector<Address> controls_;
  std::vector<ProbeOutcome> unproven_;
};

}  // namespace fallbackmx
