// Whose mail it is: delivered by the MTA itself, relayed by it, or somebody else's.
#pragma once

#include <string_view>

#include "conf/parameters.h"
#include "milter/rules/answer.h"
#include "milter/rules/envelope.h"

namespace fallbackmx {

/// `user%elsewhere@here`, `elsewhere!user@here`, `"user@elsewhere"@here`: a domain that is ours says nothing
/// about where such mail goes in the end (allow_untrusted_routing = no).
bool is_routed(const Address& recipient);

/// Mailers that mean "I deliver this myself": Postfix's, Sendmail's, and the delivery programs that either
/// passes mail to under these names.
bool is_final_destination(std::string_view mailer);

/// Whether nobody but the MTA can know more about the recipient: a final destination, a transport that speaks
/// neither SMTP nor LMTP, or LMTP over a socket inside Postfix's queue directory, which only Postfix may
/// enter.
bool is_delivered_here(const Envelope&);

/// Postfix's class of relay_domains; and the names under which Postfix and Sendmail have their SMTP clients.
/// Of another name it is not known whether a server or a program stands behind it.
bool is_relay_transport(std::string_view mailer);
bool is_smtp_transport(std::string_view mailer);

/// The next hop speaks LMTP: the transport is called so, or the next hop is `inet:host:port` or `unix:/path`.
bool is_lmtp(const Envelope&);

/// reject_unauth_destination, with the code and enhanced code to use: says no where the recipient is neither
/// delivered nor relayed. The MTA has made this test before us by its own list; so without a list of ours, or
/// without knowing the mailer, there is nothing to add.
Answer unauth_destination(const Settings&, const Envelope&, int code, std::string_view dsn);

/// permit_auth_destination: permits only where it is known that the recipient is delivered or relayed.
Answer auth_destination(const Settings&, const Envelope&);

}  // namespace fallbackmx
