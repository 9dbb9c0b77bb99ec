// "Did you mean": the name that was probably meant.
#pragma once

#include <span>
#include <string_view>

namespace fallbackmx {

/// The one of `names` that is fewest slips away (letters left out, put in, changed, swapped with the next);
/// empty when all are so far away that it would be guessing. Case does not matter.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> names);

}  // namespace fallbackmx
