// What the outcome of each step of a probe means. The first of the two tables that are the product: pure, and
// the only place where a reply becomes a verdict.
#pragma once

#include <string>

#include "probe/smtp_reply.h"
#include "probe/verdict.h"

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
  bool proven = false;  ///< the same server, asked the same way, has lately accepted a recipient; which is a
                        ///< proof of "no such address" alone
};

struct Judgement {
  enum class Next {
    go_on,                   ///< to the next stage
    land,                    ///< `verdict` is the outcome at this server
    try_helo,                ///< say HELO on the same connection
    try_plaintext,           ///< once more on a new connection, without TLS
    try_fallback_sender,     ///< once more, with the other sender address
    try_without_pipelining,  ///< once more, one command at a time
    ask_control,             ///< a no without proof: ask for the control recipient
    keep,                    ///< nothing is learned, the session goes on
    drop_session,            ///< nothing is learned, the session ends
  };
  Next next = Next::go_on;
  Verdict verdict =
      Verdict::unavailable;  ///< with land; with ask_control what an accepted control makes of it
  bool alarm = false;        ///< an administrator should hear of it
  bool end_session = false;  ///< this connection is of no further use
};

Judgement judge(const Occurrence&, const Circumstances&);

/// What is made of an occurrence, for the debug log: "undeliverable", "a no without proof, the control
/// recipient is asked for".
std::string_view in_words(const Judgement&);

/// True when a reply to RCPT speaks of the mailbox's fullness (552, x.2.2, x.2.3): it exists, but not now.
bool mailbox_full(const SmtpReply&);

}  // namespace fallbackmx
