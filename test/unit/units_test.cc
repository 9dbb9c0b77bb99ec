#include "conf/grammar/units.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

/// The value as text, or the error.
template <class T>
std::string shown(const Result<T>& result) {
  if (!result) return result.error();
  if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    return std::to_string(result->count());
  } else {
    return std::to_string(*result);
  }
}

TEST(Units, TimesAreAsInPostfix) {
  struct {
    std::string in;
    char default_unit;
    std::string want;
  } const cases[] = {
      {"0", 's', "0"},
      {"5", 's', "5"},
      {"5s", 'h', "5"},
      {"3", 'h', "10800"},
      {"3", 'd', "259200"},
      {"3H", 's', "10800"},
      {"2m", 's', "120"},
      {"2d", 's', "172800"},
      {"2w", 's', "1209600"},
      {"007s", 's', "7"},
      {"2147483647", 's', "2147483647"},
      {"2147483648", 's', "\"2147483648\" is too long a time"},
      {"3551w", 's', "\"3551w\" is too long a time"},
      {"99999999999999999999s", 's', "\"99999999999999999999s\" is too long a time"},
  };
  for (const auto& [in, unit, want] : cases) EXPECT_EQ(shown(parse_time(in, unit)), want) << in;
}

TEST(Units, WhatIsNoTimeIsAnError) {
  for (const std::string in :
       {"", "s", "5x", "5min", "5 s", "1h30m", "-5s", "+5s", "5.5s", "0x10", "5ss", "zero"}) {
    EXPECT_EQ(shown(parse_time(in, 's')),
              "\"" + in + "\" is not a time: a whole number, optionally followed by s, m, h, d or w");
  }
}

TEST(Units, TheDefaultTellsTheDefaultUnit) {
  EXPECT_EQ(unit_of("3h"), 'h');
  EXPECT_EQ(unit_of("31d"), 'd');
  EXPECT_EQ(unit_of("8s"), 's');
  EXPECT_EQ(unit_of("0"), 's');
  EXPECT_EQ(unit_of(""), 's');
}

TEST(Units, TimesAreShownAsTheyWouldBeWritten) {
  struct {
    long in;
    const char* want;
  } const cases[] = {{0, "0s"},    {1, "1s"},     {60, "1m"},    {90, "90s"},
                     {3600, "1h"}, {86400, "1d"}, {604800, "1w"}};
  for (const auto& [in, want] : cases) EXPECT_EQ(format_time(std::chrono::seconds(in)), want);
}

TEST(Units, NumbersAreWholeAndFit) {
  EXPECT_EQ(shown(parse_whole_number("0")), "0");
  EXPECT_EQ(shown(parse_whole_number("5000")), "5000");
  EXPECT_EQ(shown(parse_whole_number("-1")), "-1");
  for (const std::string in : {"", "5k", "5 0", " 5", "0x5", "1e3", "+5", "99999999999999999999"}) {
    EXPECT_EQ(shown(parse_whole_number(in)), "\"" + in + "\" is not a whole number");
  }
}

TEST(Units, ReplyCodesHaveThreeDigits) {
  for (const std::string in : {"250", "450", "550"}) EXPECT_EQ(shown(parse_code(in)), in);
  for (const std::string in : {"", "55", "5500", "0550", "354", "150", "650", "-50", "5.1", "55o"}) {
    EXPECT_EQ(shown(parse_code(in)),
              "\"" + in + "\" is not an SMTP reply code: three digits, of which the first is 2, 4 or 5");
  }
}

TEST(Units, FlagsAreYesOrNo) {
  EXPECT_EQ(shown(parse_flag("yes")), "1");
  EXPECT_EQ(shown(parse_flag("No")), "0");
  for (const std::string in : {"", "true", "1", "on", "yes please"}) {
    EXPECT_EQ(shown(parse_flag(in)), "\"" + in + "\" is neither yes nor no");
  }
}

TEST(Units, ModesAreOctal) {
  EXPECT_EQ(shown(parse_mode("0660")), std::to_string(0660));
  EXPECT_EQ(shown(parse_mode("660")), std::to_string(0660));
  for (const std::string in : {"", "0880", "rw-rw----", "-1", "10000", "0x1b0"}) {
    EXPECT_EQ(shown(parse_mode(in)), "\"" + in + "\" is not a file mode in octal digits, such as 0660");
  }
}

}  // namespace
}  // namespace fallbackmx
