// A number in decimal digits.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace fallbackmx {

/// The whole text as a number of this type: no sign but minus, no white space, nothing behind it. None for
/// what is no number, or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (trouble != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The same, within these bounds.
template <class Number>
std::optional<Number> parse_number_within(std::string_view text, Number least, Number most) {
  const auto number = parse_number<Number>(text);
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

}  // namespace fallbackmx
