// Single values as Postfix writes them: times, numbers, reply codes, yes and no.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// A whole number, optionally followed by s, m, h, d or w. A number alone counts in `default_unit`: in
/// Postfix that is the unit of the parameter's default (conv_time.c), so that
/// `address_verify_negative_refresh_time = 3` is 3 hours. Unlike Postfix, anything after the unit is an
/// error: `5min` would silently be 5 minutes there, `1hour30` one hour. At most 2^31-1 seconds, as in
/// Postfix.
Result<std::chrono::seconds> parse_time(std::string_view text, char default_unit);

/// The unit letter at the end of a time; `s` when there is none.
char unit_of(std::string_view time);

/// As it would be written: in the largest unit that leaves no rest.
std::string format_time(std::chrono::seconds);

/// A whole number in decimal digits, with an optional minus sign.
Result<long> parse_whole_number(std::string_view text);

/// An SMTP reply code: three digits, the first of them 2, 4 or 5.
Result<int> parse_code(std::string_view text);

/// An enhanced status code (RFC 3463): class 2, 4 or 5, subject and detail of one to three digits.
bool is_enhanced_code(std::string_view text);

/// `yes` or `no`, in any case.
Result<bool> parse_flag(std::string_view text);

/// Permission bits in octal.
Result<int> parse_mode(std::string_view text);

}  // namespace fallbackmx
