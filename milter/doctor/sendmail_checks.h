// The mistakes that are made in sendmail.cf with a milter. Pure: its text in, ailments out.
#pragma once

#include <string>
#include <string_view>

#include "conf/grammar/milter_socket.h"
#include "conf/parameters.h"
#include "milter/doctor/ailment.h"

namespace fallbackmx {

/// `socket`: where the milter listens, spelled out.
Ailments sendmail_ailments(std::string_view sendmail_cf, const MilterSocket& socket, const Settings&);

/// Where a mailertable (its text) sends mail for a domain, by the row for it or for one of its parents: the
/// next hop without the mailer. Empty: by the domain's MX records.
std::string mailertable_next_hop(std::string_view mailertable, std::string_view domain);

}  // namespace fallbackmx
