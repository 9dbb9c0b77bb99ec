// The lines that attach the milter to an MTA: what `fallbackmx mta-config` prints.
#pragma once

#include <string>

#include "conf/grammar/milter_socket.h"

namespace fallbackmx {

// Of a socket that is spelled out: MTAs know nothing of descriptors.

/// INPUT_MAIL_FILTER for sendmail.mc.
std::string sendmail_line(const MilterSocket&);

/// With comments, to be pasted: into main.cf, with what belongs into master.cf; into sendmail.mc, with what
/// milter.conf needs there.
std::string postfix_config(const MilterSocket&);
std::string sendmail_config(const MilterSocket&);

}  // namespace fallbackmx
