// The mistakes that are made in sendmail.cf with a milter. Pure: its text in, ailments out.
#pragma once

#include <string_view>

#include "conf/parameters.h"
#include "milter/ailment.h"
#include "milter/milter_socket.h"

namespace fallbackmx {

/// `socket`: where the milter listens, spelled out.
Ailments sendmail_ailments(std::string_view sendmail_cf, const MilterSocket& socket, const Settings&);

}  // namespace fallbackmx
