// Words of a list in which braces hold blanks and commas together, as in `inline:{ a = b, c = d }`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// Split at commas and white space outside of braces (Postfix's mystrtokq()); no empty words. A brace that is
/// never closed holds the rest of the text.
std::vector<std::string> split_braced_words(std::string_view text);

/// What stands between braces around the whole text, without blanks at both ends; or the text as it is.
std::string_view without_braces(std::string_view text);

}  // namespace fallbackmx
