// Printing parameters: for -n and -d, for the shipped milter.conf, for the manual.
#pragma once

#include <string>

#include "conf/config.h"

namespace fallbackmx {

/// `name = value` lines of what differs from the defaults (-n).
std::string dump_changed(const Config&);
/// All parameters with their defaults (-d).
std::string dump_defaults();
/// The commented sample file: every parameter, commented out, with its help.
std::string sample_file();
/// The parameter and restriction sections of the manual, in mdoc.
std::string manual_section();

}  // namespace fallbackmx
