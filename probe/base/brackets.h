// `[2001:db8::1]`: brackets keep the colons of an address apart from that of a port.
#pragma once

#include <string_view>

namespace fallbackmx {

/// What stands between brackets, or the text as it is when there are none around it.
constexpr std::string_view without_square_brackets(std::string_view text) {
  return text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
}

}  // namespace fallbackmx
