// Commands out, replies in: one SMTP connection without any opinion about what is said on it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/log.h"
#include "probe/base/loop.h"
#include "probe/mail/smtp_reply.h"
#include "probe/wire/stream.h"
#include "probe/wire/tls.h"

namespace fallbackmx {

/// Owned and used by one session, which waits in here at its own WaitPoint.
class Dialogue {
 public:
  /// How a call of `exchange` ended.
  enum class Event {
    bytes,     ///< something was read: look for replies
    woken,     ///< the WaitPoint was woken, or nothing happened at all
    deadline,  ///< the time is up
    broken,    ///< the connection is over; `trouble` says how
  };

  /// `peer` names the server in log lines and in `trouble`.
  Dialogue(std::unique_ptr<Stream> stream, WaitPoint& place, Log& log, std::string peer);

  /// Appends a command; it goes out with the next exchange or flush. CR LF is added.
  void send(std::string_view command);
  /// Writes what can be written now without waiting.
  void flush();
  /// Says QUIT, and does not wait for the reply.
  void quit_at_once();
  /// Says QUIT, and waits for the reply unless `in_a_hurry`, which is asked again each time the WaitPoint is
  /// woken. Until the server has heard it, it counts this connection.
  Task<> quit(SteadyTime deadline, std::function<bool()> in_a_hurry);
  /// Writes what there is to write and waits until something can be read.
  Task<Event> exchange(SteadyTime deadline);

  /// The next reply that has been read completely.
  std::optional<SmtpReply> next_reply();
  /// True when a reply has come in part, at least one line of it.
  bool reply_begun() const { return parser_.begun(); }
  /// True when the server has sent something that nobody asked for.
  bool unread() const { return !parser_.empty(); }

  /// Hands the connection to TLS. What was read in plaintext is forgotten (RFC 3207 section 4.2, the STARTTLS
  /// injection of CVE-2011-0411). The handshake is driven by `handshake`.
  void start_tls(std::shared_ptr<TlsContext> context, const TlsDemand& demand, const Endpoint& server);
  /// `bytes` when TLS stands; otherwise as in exchange.
  Task<Event> handshake(SteadyTime deadline);
  /// Protocol and cipher, empty in plaintext.
  const std::string& cipher() const { return cipher_; }

  /// After `broken` or `deadline`: what happened, as part of a sentence: "connection closed", "no reply in
  /// time".
  const std::string& trouble() const { return trouble_; }
  /// The last wait was in vain.
  bool timed_out() const { return timed_out_; }
  /// After `broken`: nothing at all was heard from the other side any more (IoResult::lost).
  bool lost() const { return lost_; }

 private:
  Task<Event> wait(SteadyTime deadline);
  Task<Event> give_others_a_turn(SteadyTime deadline);
  Event over(std::string trouble, bool lost = false);

  std::unique_ptr<Stream> stream_;
  WaitPoint& place_;
  Log& log_;
  std::string peer_;
  std::string unsent_;
  ReplyParser parser_;
  std::string cipher_;
  std::string trouble_;
  bool lost_ = false, timed_out_ = false;
  int in_a_row_ = 0;  ///< pieces read without a wait
};

}  // namespace fallbackmx
