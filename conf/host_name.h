// The name of this machine.
#pragma once

#include <string>

namespace fallbackmx {

/// Fully qualified as far as can be found out: gethostname(2), and when that has no dot, the canonical name
/// that the resolver has for it. A resolver that does not answer costs two seconds once, not a start that
/// hangs; the answer is kept for as long as gethostname(2) says the same. `localhost` when there is no name
/// at all. Any thread.
std::string host_name();

}  // namespace fallbackmx
