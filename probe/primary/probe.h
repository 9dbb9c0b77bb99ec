// One recipient on its way to an answer.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probe/base/loop.h"
#include "probe/mail/address.h"
#include "probe/primary/probe_result.h"
#include "probe/primary/waiter.h"

namespace fallbackmx {

/// Belongs to a Destination; `strikes`, `reconnected` and `rejection` belong to the session that has it.
struct Probe {
  /// A client that waits for it.
  struct Waiting {
    std::shared_ptr<Waiter> waiter;
    SteadyTime since, deadline;
    Source source;
    std::optional<Timeout> leaves{};  ///< when it has waited for long enough
  };

  Probe(Address asked, std::string on_behalf_of, SteadyTime now, std::size_t endpoints)
      : recipient(std::move(asked)),
        key(recipient.key()),
        client(std::move(on_behalf_of)),
        queued(now),
        tried(endpoints) {}

  const Address recipient;
  const std::string key;     ///< Address::key(): who ends a probe needs no memory for it
  const std::string client;  ///< Question::client
  /// What was remembered when it was asked for.
  std::optional<AddressRecord> remembered{};
  bool crowding = false;  ///< it asks for many at a time, and this is not one of the first
  const SteadyTime queued;
  std::vector<bool> tried;   ///< by endpoint of the destination
  int strikes = 0;           ///< sessions that died while they waited for this one's reply
  bool reconnected = false;  ///< asked again on a new connection, because "not now" may be over with it
  /// Said about it under address_verify_sender: from then on it is asked under probe_fallback_sender.
  std::optional<ProbeResult> refused_first_sender;
  /// Said in a session that ended before a control recipient was answered.
  std::optional<UnprovenRejection> rejection;
  /// Heard by those who wait now, while the probe goes on: its server owes a reply for too long.
  std::optional<ProbeResult> meanwhile;
  std::optional<ProbeResult> unknown;  ///< of what was heard so far, the one nearest to the recipient
  std::optional<ProbeResult> result;   ///< set once, at the end
  std::list<Waiting> waiters;
};

/// A probe and what came of it.
struct ProbeOutcome {
  std::shared_ptr<Probe> probe;
  ProbeResult result;
};

}  // namespace fallbackmx
