// The restriction lists, evaluated in Postfix's order with Postfix's answers (smtpd_check.c). Pure but for
// the questions they ask.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/parameters.h"
#include "milter/decision.h"
#include "milter/questions.h"
#include "milter/reply.h"
#include "probe/address.h"
#include "probe/dns.h"
#include "probe/verifier.h"

namespace fallbackmx {

/// Who is talking to us; all strings as the MTA gave them.
struct Client {
  std::string name;                  ///< "unknown" without a validated name
  std::optional<IpAddress> address;  ///< none for local submission or when the MTA did not know
  std::optional<std::string> helo;   ///< raw argument of the last HELO or EHLO
  bool authenticated = false;        ///< by a mechanism other than ANONYMOUS
};

/// What one RCPT TO is about.
struct Envelope {
  std::string sender_given;     ///< argument of MAIL as typed, without <>
  Address sender;               ///< null for <>, and for what is not an address
  std::string recipient_given;  ///< argument of RCPT as typed, without <>
  Address recipient;            ///< null for what is not an address
  std::string mailer;           ///< {rcpt_mailer}: Postfix's transport, Sendmail's mailer; empty if not known
  std::string next_hop;         ///< {rcpt_host}; empty if not known
  std::string sender_mailer{};  ///< {mail_mailer}; empty if not known
};

/// The answer to one RCPT TO, and what the log says about it.
struct Outcome {
  Reply reply{};                     ///< code 0: continue
  std::optional<Restriction> by{};   ///< the restriction that decided, none for a plain continue
  std::optional<Finding> finding{};  ///< when the recipient was verified
  bool unverified = false;           ///< continue, though nobody could say whether the recipient exists
  bool alarm = false;
};

/// Runs helo, sender and recipient restrictions. A bare `postmaster` recipient skips them all. An address
/// that only the MTA understood is not tested: the MTA has let it pass, and in doubt we never say 5xx.
Outcome evaluate(const Settings&, const Client&, const Envelope&, Questions&);

/// Whether mail for this recipient is relayed to a primary that speaks SMTP: relay_domains, or when that is
/// empty the MTA's own transport `relay`. Only such recipients are verified. What the MTA delivers itself is
/// not relayed, even in a sub-domain of relay_domains.
bool is_relayed(const Settings&, const Envelope&);

}  // namespace fallbackmx
