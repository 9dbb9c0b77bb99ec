// Who is talking to us, and about what.
#pragma once

#include <optional>
#include <string>

#include "probe/mail/address.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// All strings as the MTA gave them.
struct Client {
  std::string name;                  ///< "unknown" without a validated name
  std::optional<IpAddress> address;  ///< none when the MTA did not know
  std::optional<std::string> helo;   ///< argument of the last HELO or EHLO, as helo_name() keeps it
  bool authenticated = false;        ///< by a mechanism other than ANONYMOUS

  bool has_helo() const { return helo && !helo->empty(); }
  /// `mail.example.net[192.0.2.1]`, as Postfix names a client.
  std::string text() const { return name + '[' + (address ? address->to_string() : "unknown") + ']'; }
};

/// What one RCPT TO is about.
struct Envelope {
  std::string sender_given;     ///< argument of MAIL, without <> and in internal_form()
  Address sender;               ///< null for <>, and for what is not an address
  std::string recipient_given;  ///< the same of RCPT
  Address recipient;            ///< null for what is not an address
  std::string mailer;           ///< {rcpt_mailer}: Postfix's transport, Sendmail's mailer; empty if not known
  std::string next_hop;         ///< {rcpt_host}; empty if not known
  std::string sender_mailer{};  ///< {mail_mailer}; empty if not known
  bool smtputf8 = false;        ///< MAIL came with the parameter SMTPUTF8
  std::string
      unread_domain{};  ///< of a recipient that is not an address; empty when not even that is readable

  /// The recipient's, empty if it has none.
  const std::string& domain() const { return recipient.null() ? unread_domain : recipient.domain(); }
};

}  // namespace fallbackmx
