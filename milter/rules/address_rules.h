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

/// reject_unknown_recipient_domain. relay_domains is not exempt: what we relay must be findable by our MTA,
/// too.
Answer unknown_recipient_domain(const Settings&, const Envelope&, Questions&);

/// reject_non_fqdn_sender, reject_non_fqdn_recipient: the address as it was given has a domain, and a dot in
/// it. A literal passes.
Answer non_fqdn_sender(const Settings&, const Envelope&);
Answer non_fqdn_recipient(const Settings&, const Envelope&);

}  // namespace fallbackmx
