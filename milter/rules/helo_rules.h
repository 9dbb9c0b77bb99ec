// The restrictions on the HELO name (smtpd_check.c). The name is there and not empty.
#pragma once

#include <string_view>

#include "conf/parameters.h"
#include "milter/rules/answer.h"
#include "milter/rules/questions.h"

namespace fallbackmx {

/// reject_invalid_helo_hostname: a host name (a dot may end it) or an address.
Answer invalid_helo_hostname(const Settings&, std::string_view helo);

/// reject_non_fqdn_helo_hostname: a host name with a dot in it. Names that are not ASCII only under SMTPUTF8.
Answer non_fqdn_helo_hostname(const Settings&, std::string_view helo, bool smtputf8);

/// reject_unknown_helo_hostname: it has an address or an MX record; see find_helo_name().
Answer unknown_helo_hostname(const Settings&, std::string_view helo, Questions&);

}  // namespace fallbackmx
