// $name in values, as Postfix expands it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// The value of a name, not yet expanded itself; nullopt when there is no such name.
using ValueOf = std::function<std::optional<std::string>(std::string_view name)>;
/// What to say about a name that has no value.
using WhyUnknown = std::function<std::string(std::string_view name)>;

/// `$name`, `${name}` and `$(name)` are replaced by the expanded value, `$$` by `$`. `${name?text}` is the
/// text when the name's value is not empty, `${name:text}` when it is empty or not known,
/// `${name?{text}:{text}}` chooses; the text is expanded too. Errors, unlike in Postfix: a name that is not
/// known (there it is silently empty), and one that is made from itself. Comparisons
/// (`${{a} == {b} ? ...}`) are an error that says so. The result is bounded, so that no handful of lines
/// grows without end.
Result<std::string> expand(std::string_view text, const ValueOf&, const WhyUnknown&);

/// Every name that stands behind a `$` in `text`.
std::vector<std::string> names_in(std::string_view text);

}  // namespace fallbackmx
