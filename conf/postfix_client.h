// Parameters of Postfix's SMTP and LMTP client that are not ours: whoever pastes one learns what becomes of
// it.
#pragma once

#include <string>
#include <string_view>

namespace fallbackmx {

/// Why it does not matter for a probe, or what to do instead, as the end of a sentence. Empty for a name that
/// is no parameter of that client, or one of ours.
std::string client_parameter_reason(std::string_view name);

}  // namespace fallbackmx
