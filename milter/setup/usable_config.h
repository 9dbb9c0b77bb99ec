// The configuration, tried out: what is written is right, and the files it names can be used.
#pragma once

#include "conf/config.h"

namespace fallbackmx {

/// read_config(), and where that finds no errors, those that only its users see: TLS certificates and keys
/// that cannot be used, and a shared_verify_map that is none. Opens the tables by which the MTA gives
/// recipients new addresses; one that cannot be opened is a warning.
Config read_usable_config(const ConfigSources&);

}  // namespace fallbackmx
