// Restriction lists as they are written: names with commas and blanks between them.
#pragma once

#include <string_view>

#include "conf/tables/restriction_classes.h"
#include "conf/tables/rule.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// All wrong names of the list are in the one error. A restriction that Postfix has and we do not is named as
/// Postfix's own, with the words that belong to it left out of the complaint; for a slip of the pen the
/// nearest name is suggested. Tables are read here.
Result<Restrictions> parse_restrictions(std::string_view text,
                                        const RestrictionClasses& classes = no_classes());

}  // namespace fallbackmx
