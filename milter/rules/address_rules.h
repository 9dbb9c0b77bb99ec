// The restrictions on the domains of sender and recipient (smtpd_check.c).
#pragma once

#include "conf/parameters.h"
#include "milter/rules/answer.h"
#include "milter/rules/envelope.h"
#include "milter/rules/questions.h"

namespace fallbackmx {

/// reject_unknown_sender_domain. The null sender, bare names, literals and domains that the MTA delivers
/// itself are not tested; see find_mail_domain().
Answer unknown_sender_domain(const Settings&, const Envelope&, Questions&);

/// reject_unknown_recipient_domain. A domain that we relay (`relayed`) is not exempt: our MTA must find it,
/// too. But a lookup that fails defers no mail for it, unlike Postfix's: its DNS may be down together with
/// its primary, and it is for such outages that there is a fallback MX.
Answer unknown_recipient_domain(const Settings&, const Envelope&, Questions&, bool relayed);

/// reject_non_fqdn_sender, reject_non_fqdn_recipient: the address as it was given has a domain, and a dot in
/// it. A literal passes.
Answer non_fqdn_sender(const Settings&, const Envelope&);
Answer non_fqdn_recipient(const Settings&, const Envelope&);

}  // namespace fallbackmx
