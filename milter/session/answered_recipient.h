// One RCPT TO with its answer, as the log, the status page and the operator's command tell of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "milter/session/session_state.h"
#include "probe/base/clock.h"

namespace fallbackmx {

/// A value. Strings are the MTA's and the primary's: untrusted, unescaped, at most 500 bytes each.
struct AnsweredRecipient {
  WallTime at{};         ///< when it was answered
  std::string sid;       ///< the session's id
  std::string queue_id;  ///< empty before the MTA has one
  std::string recipient, sender;
  std::string resolved;                ///< what the MTA made of the recipient, when that is something else
  std::string client;                  ///< `name[address]`
  std::string_view action = "accept";  ///< accept, reject or defer
  bool log_only = false;               ///< the client heard nothing of it
  bool unverified = false;             ///< accepted, though nobody could say whether it exists
  bool not_asked = false;              ///< reject_unverified_recipient asked nobody; `why` says why
  bool delivered_here = false;         ///< ... because the MTA delivers it itself
  bool unreadable = false;             ///< the recipient is not an address
  std::string_view restriction{};      ///< that decided, unless it was the verdict
  std::optional<Verdict> verdict{};    ///< when that decided, or the recipient was verified and accepted
  Source source = Source::none;
  Remembered remembered = Remembered::nothing;
  Stage stage = Stage::lookup;
  std::string_view tls = "none";
  std::string primary;  ///< `mx1.example.org[192.0.2.1]:25`, empty when none was reached
  int code = 0;         ///< with a verdict, code, dsn and reply are the primary's; without, ours
  std::string dsn, reply;
  std::string why;  ///< a sentence, for a verdict that is not final, and for a test that the DNS left open
  std::chrono::milliseconds delay{0};
};

AnsweredRecipient answered(const SessionState&, const Envelope&, const Outcome&, Enforcement mode,
                           WallTime now, std::chrono::milliseconds delay);

/// `h.example.net[192.0.2.9]`, bounded as above: for the log.
std::string client_text(const Client&);

}  // namespace fallbackmx
