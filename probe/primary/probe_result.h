// What came of asking a server about a recipient.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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
  std::string server{};   ///< its Endpoint::key(), when it is unavailable
  int code = 0;
  std::string dsn{}, words{};
  std::string why{};  ///< a sentence: who, at which stage, what
  std::string_view tls = "none";
  bool silent = false;  ///< it refused nothing: it said nothing in time
  bool stale = false;   ///< said at an address that is past its time (Endpoint::stale)
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

}  // namespace fallbackmx
