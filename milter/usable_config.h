// The configuration, tried out: what is written is right, and the files it names can be used.
#pragma once

#include "conf/config.h"

namespace fallbackmx {

/// read_config(), and where that finds no errors, those that only using the files shows (TLS certificates and
/// keys).
Config read_usable_config(const ConfigSources&);

}  // namespace fallbackmx
