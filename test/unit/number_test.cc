#include "probe/base/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace fallbackmx {
namespace {

TEST(Number, IsTheWholeTextAndFits) {
  EXPECT_EQ(parse_number<int>("25"), 25);
  EXPECT_EQ(parse_number<int>("-25"), -25);
  EXPECT_EQ(parse_number<int>("660", 8), 0660);
  EXPECT_EQ(parse_number<std::uint8_t>("255"), 255);
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  for (const auto* text : {"", "-", "+1", " 1", "1 ", "1x", "0x1", "2147483648"})
    EXPECT_FALSE(parse_number<int>(text)) << text;
  EXPECT_FALSE(parse_number<std::uint8_t>("256"));
  EXPECT_FALSE(parse_number<std::uint64_t>("-1"));
}

TEST(Number, CanBeBounded) {
  EXPECT_EQ(parse_number_within<int>("0", 0, 9), 0);
  EXPECT_EQ(parse_number_within<int>("9", 0, 9), 9);
  for (const auto* text : {"-1", "10", "", "9x"}) EXPECT_FALSE(parse_number_within<int>(text, 0, 9)) << text;
}

}  // namespace
}  // namespace fallbackmx
