// Names of hosts: what one looks like, and that of this machine.
#pragma once

#include <string>
#include <string_view>

namespace fallbackmx {

/// Postfix's valid_hostname(): labels of letters, digits, hyphen, underscore; at most 63 and 255 bytes; no
/// hyphen at a label's end; no empty label; not all digits and dots.
bool valid_hostname(std::string_view);

/// Fully qualified as far as can be found out: gethostname(2), and when that has no dot, the canonical name
/// that the resolver has for it. A resolver that does not answer costs two seconds once, not a start that
/// hangs; the answer is kept for as long as gethostname(2) says the same. `localhost` when there is no name
/// at all. Any thread.
std::string host_name();

}  // namespace fallbackmx
