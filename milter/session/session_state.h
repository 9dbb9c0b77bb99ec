// What we know about one SMTP client connection and the message that it is sending.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "milter/rules/restrictions.h"

namespace fallbackmx {

/// The envelope so far. Forgotten at each MAIL FROM: the MTA does not always say how the one before ended.
struct MessageState {
  std::string sender_given;    ///< as typed, without <>
  Address sender;              ///< null for <>, and for what is not an address
  std::string sender_mailer;   ///< {mail_mailer}
  bool smtputf8 = false;       ///< MAIL came with the parameter SMTPUTF8
  std::string queue_id;        ///< {i}; Postfix has none before the first recipient was accepted
  std::size_t accepted = 0;    ///< recipients
  std::size_t unverified = 0;  ///< recipients accepted although nobody could say whether they exist
};

/// Belongs to one milter session. libmilter runs one callback of a session at a time, but on changing
/// threads.
struct SessionState {
  explicit SessionState(std::string session_id) : id(std::move(session_id)) {}

  std::string id;  ///< short, for the log: the same from connect to end
  Client client;
  MessageState message;
};

/// Short hexadecimal ids, each unique among 16 million. Safe for all threads.
std::string next_session_id();

/// The argument of MAIL or RCPT without its <>.
std::string_view without_brackets(std::string_view argument);

/// Begins a message: `argument` is that of MAIL as typed.
void begin_message(SessionState&, std::string_view argument);

/// What the MTA made of one recipient.
struct Resolved {
  std::string mailer;    ///< {rcpt_mailer}
  std::string next_hop;  ///< {rcpt_host}
  std::string address;   ///< {rcpt_addr}
};

/// The envelope of one RCPT: `argument` as typed.
Envelope envelope_of(const SessionState&, std::string_view argument, const Resolved&);

/// Whom to ask about: the recipient as typed, unless the MTA has made another address of it. So
/// `user%example.org`, `example.org!user@fallback.example`, an alias or a comment come to a primary; who
/// asked about what was typed would let all of them pass, or refuse an alias. As long as both mean the same,
/// the typed one stands, because Postfix folds the case of the local part. So does a bare `postmaster`, whom
/// the rules let pass (RFC 5321 section 4.5.1).
Address recipient_meant(std::string_view argument, std::string_view resolved);

/// The argument of HELO as Postfix's smtpd keeps it and looks it up: control characters and those with a
/// meaning in addresses are `?`; what is not ASCII stays.
std::string helo_name(std::string_view given);

/// The name the MTA gives for a client: "unknown" when it is empty or only an address in brackets.
std::string client_name(std::string_view given);

/// The address the MTA gives for a client of this name. Sendmail has none for a program that talks to it
/// through a pipe (sendmail -bs), and calls it localhost; Postfix gives 127.0.0.1 then, and so do we:
/// mynetworks decides.
std::optional<IpAddress> client_address(std::string_view name, std::optional<IpAddress> given);

}  // namespace fallbackmx
