#include "conf/grammar/units.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "probe/base/number.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

bool is_unit(char c) { return std::string_view("smhdw").find(c) != std::string_view::npos; }

constexpr long seconds_in(char unit) {
  constexpr long minute = 60, hour = 60 * minute, day = 24 * hour;
  switch (unit) {
    case 'm':
      return minute;
    case 'h':
      return hour;
    case 'd':
      return day;
    case 'w':
      return 7 * day;
    default:
      return 1;
  }
}

/// The unit at the end of a time, if there is one.
std::optional<char> written_unit(std::string_view time) {
  if (time.empty()) return std::nullopt;
  const char last = lower_case(time.substr(time.size() - 1))[0];
  return is_unit(last) ? std::optional(last) : std::nullopt;
}

}  // namespace

Result<std::chrono::seconds> parse_time(std::string_view text, char default_unit) {
  constexpr long longest = std::numeric_limits<std::int32_t>::max();
  const Error bad{fmt::format("{} is not a time: a whole number, optionally followed by s, m, h, d or w",
                              in_quotes(text))};
  const auto written = written_unit(text);
  const char unit = written.value_or(default_unit);
  const auto digits = text.substr(0, text.size() - (written ? 1 : 0));
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return bad;
  const auto number = parse_number<long>(digits);
  if (!number || *number > longest / seconds_in(unit)) {
    return Error{fmt::format("{} is too long a time", in_quotes(text))};
  }
  return std::chrono::seconds(*number * seconds_in(unit));
}

char unit_of(std::string_view time) { return written_unit(time).value_or('s'); }

std::string format_time(std::chrono::seconds time) {
  for (const char unit : {'w', 'd', 'h', 'm'}) {
    if (time.count() != 0 && time.count() % seconds_in(unit) == 0) {
      return fmt::format("{}{}", time.count() / seconds_in(unit), unit);
    }
  }
  return fmt::format("{}s", time.count());
}

Result<long> parse_whole_number(std::string_view text) {
  if (const auto number = parse_number<long>(text)) return *number;
  return Error{fmt::format("{} is not a whole number", in_quotes(text))};
}

Result<int> parse_code(std::string_view text) {
  const auto number = parse_number<long>(text);
  const bool is_class = !text.empty() && (text[0] == '2' || text[0] == '4' || text[0] == '5');
  if (number && text.size() == 3 && is_class) return static_cast<int>(*number);
  return Error{fmt::format("{} is not an SMTP reply code: three digits, of which the first is 2, 4 or 5",
                           in_quotes(text))};
}

bool is_enhanced_code(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') return false;
  const auto dot = text.find('.', 2);
  if (dot == std::string_view::npos) return false;
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 3 &&
           part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(text.substr(2, dot - 2)) && digits(text.substr(dot + 1));
}

Result<bool> parse_flag(std::string_view text) {
  if (lower_case(text) == "yes") return true;
  if (lower_case(text) == "no") return false;
  return Error{fmt::format("{} is neither yes nor no", in_quotes(text))};
}

Result<int> parse_mode(std::string_view text) {
  const auto number = parse_number<long>(text, 8);
  if (number && *number >= 0 && *number <= 07777) return static_cast<int>(*number);
  return Error{fmt::format("{} is not a file mode in octal digits, such as 0660", in_quotes(text))};
}

}  // namespace fallbackmx
