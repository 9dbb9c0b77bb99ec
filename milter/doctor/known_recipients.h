// Whether the daemon remembers a real recipient of a domain.
#pragma once

#include <string>

namespace fallbackmx {

enum class Knowledge { none, some, not_known };

/// Asks the daemon on its control socket. `some`: it remembers that a recipient of the domain exists, other
/// than postmaster, whom most configurations let pass before their block lists. `not_known`: nobody answers
/// there. Takes five seconds at most.
Knowledge knows_recipient(const std::string& control_socket, const std::string& domain);

}  // namespace fallbackmx
