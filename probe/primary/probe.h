// One recipient on its way to an answer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/mail/address.h"
#include "probe/mail/endpoint.h"
#include "probe/mail/smtp_reply.h"
#include "probe/mail/verdict.h"
#include "probe/store/record.h"

namespace fallbackmx {

/// What a server made of a probe. A value. `why` reads like
/// `mx1.example.org[192.0.2.1]:25 said 550 5.1.1 no such user (in reply to RCPT)`.
struct ProbeResult {
  Verdict verdict = Verdict::unavailable;
  Stage stage = Stage::connect;
  std::string primary{};  ///< Endpoint::text() of the server, empty when none was chosen
  int code = 0;
  std::string dsn{}, words{};
  std::string why{};  ///< a sentence: who, at which stage, what
  std::string_view tls = "none";
  bool silent = false;  ///< it refused nothing: it said nothing in time
  bool ours = false;    ///< trouble of this machine: no evidence about the server's health
  /// A recipient that is remembered to exist was refused, and that was proven once: it is to be asked about
  /// again when KnownRejections::proof_distance is over.
  bool ask_once_more = false;
};

/// A rejection that counts only when the server accepts somebody else. A value.
struct UnprovenRejection {
  ProbeResult result;
  std::string sender;                 ///< under which it was asked, without brackets
  bool needs_real_recipient = false;  ///< only one that is known to exist proves it
  std::size_t endpoint = 0;           ///< of the destination, that said it
};

/// A server's reply as a result.
ProbeResult said(Verdict, Stage, const Endpoint&, const SmtpReply&);
/// Something else that happened with a server; `trouble` goes on from its name: "connection refused".
ProbeResult befell(Verdict, Stage, const Endpoint&, std::string_view trouble);
/// A final verdict as it is remembered; `before` is what was remembered until now.
AddressRecord as_record(const ProbeResult&, const std::optional<AddressRecord>& before, WallTime asked);
/// The stage as the command that a reply answers: "RCPT", "end of connection" for none.
std::string_view command_of(Stage);

/// Belongs to a Destination and is guarded by its lock; `strikes`, `reconnected` and `rejection` belong to
/// the session that has it.
struct Probe {
  Probe(Address asked, std::string on_behalf_of, SteadyTime now, std::size_t endpoints)
      : recipient(std::move(asked)),
        key(recipient.key()),
        client(std::move(on_behalf_of)),
        queued(now),
        tried(endpoints) {}

  const Address recipient;
  const std::string key;     ///< Address::key(): who ends a probe needs no memory for it
  const std::string client;  ///< Question::client
  bool crowding = false;     ///< it asks for many at a time, and this is not one of the first
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
  std::vector<Sleeper*> waiters;
};

/// A probe and what came of it.
struct ProbeOutcome {
  std::shared_ptr<Probe> probe;
  ProbeResult result;
};

}  // namespace fallbackmx
