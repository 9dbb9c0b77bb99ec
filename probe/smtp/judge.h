// What the outcome of each step of a probe means. The first of the two tables that are the product: pure, and
// the only place where a reply becomes a verdict.
#pragma once

#include <string>

#include "probe/mail/smtp_reply.h"
#include "probe/mail/verdict.h"
#include "probe/smtp/rejection.h"

namespace fallbackmx {

/// What happened at a stage: a reply, or none (`reply` null: refused, reset, closed, timed out, not SMTP).
struct Occurrence {
  Stage stage = Stage::connect;
  const SmtpReply* reply = nullptr;
};

/// What the judgement depends on besides the reply.
struct Circumstances {
  bool own_name = false;              ///< greeting or EHLO reply bears our own name
  bool helo_tried = false;            ///< this was the reply to HELO, not EHLO
  bool tls_required = false;          ///< by smtp_tls_security_level
  bool fallback_sender_left = false;  ///< there is another sender address to try
  bool pipelined = false;             ///< other commands were on the wire
  /// What a 5xx reply to RCPT speaks of.
  RejectionSubject subject = RejectionSubject::us;
  bool null_sender = false;  ///< it was asked under <>, which many refuse for reasons of their own
  /// The same server, asked the same way, has lately accepted a recipient, and this one is not remembered to
  /// exist: proof enough for a rejection that speaks of the address.
  bool proven = false;
};

struct Judgement {
  enum class Next {
    go_on,                   ///< to the next stage
    land,                    ///< `verdict` is the outcome at this server
    try_helo,                ///< say HELO on the same connection
    try_plaintext,           ///< once more on a new connection, without TLS
    try_fallback_sender,     ///< once more, with the other sender address
    try_without_pipelining,  ///< once more, one command at a time
    ask_control,             ///< a rejection without proof: ask for a control recipient
    ask_real_recipient,      ///< the same, and only one that is known to exist proves it
    keep,                    ///< nothing is learned, the session goes on
    drop_session,            ///< nothing is learned, the session ends
  };
  Next next = Next::go_on;
  Verdict verdict = Verdict::unavailable;  ///< with land; with ask_control and ask_real_recipient what an
                                           ///< accepted one makes of it
  bool alarm = false;                      ///< an administrator should hear of it
  bool end_session = false;                ///< this connection is of no further use
};

Judgement judge(const Occurrence&, const Circumstances&);

/// What is made of an occurrence, for the debug log: "undeliverable", "a rejection without proof, a control
/// recipient is asked for".
std::string_view in_words(const Judgement&);

/// True when a reply to RCPT speaks of the mailbox's fullness (552, x.2.2, x.2.3): it exists, but not now.
bool mailbox_full(const SmtpReply&);

}  // namespace fallbackmx
