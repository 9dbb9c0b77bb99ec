// Whose mail it is: delivered by the MTA itself, relayed by it, or somebody else's.
#pragma once

#include <string_view>

#include "conf/parameters.h"
#include "milter/answer.h"
#include "milter/envelope.h"

namespace fallbackmx {

/// Whether mail for this recipient is relayed to a primary that speaks SMTP: relay_domains, or when that is
/// empty the MTA's own transport `relay`. Only such recipients are verified. What the MTA delivers itself is
/// not relayed, even in a sub-domain of relay_domains.
bool is_relayed(const Settings&, const Envelope&);

/// `user%elsewhere@here`, `elsewhere!user@here`, `"user@elsewhere"@here`: a domain that is ours says nothing
/// about where such mail goes in the end (allow_untrusted_routing = no).
bool is_routed(const Address& recipient);

/// Mailers that mean "I deliver this myself".
bool is_final_destination(std::string_view mailer);

/// reject_unauth_destination, with the code and enhanced code to use: says no where the recipient is neither
/// delivered nor relayed. The MTA has made this test before us by its own list; so without a list of ours, or
/// without knowing the mailer, there is nothing to add.
Answer unauth_destination(const Settings&, const Envelope&, int code, std::string_view dsn);

/// permit_auth_destination: permits only where it is known that the recipient is delivered or relayed.
Answer auth_destination(const Settings&, const Envelope&);

}  // namespace fallbackmx
