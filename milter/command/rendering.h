// An answer as text for people.
#pragma once

#include <string>

#include "milter/control/json.h"
#include "milter/control/verbs.h"

namespace fallbackmx {

/// The result of a verb, in lines. Pure. Whatever came from elsewhere is shown printable, and a member that
/// is not there is left out.
std::string rendered(Verb, const Json& result);

}  // namespace fallbackmx
