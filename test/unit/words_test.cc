#include "test/fake/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Words, ColumnsAreSeparatedByTwoBlanksOrATab) {
  EXPECT_THAT(columns("  RCPT TO:<no@*>    550 no such user \tclose  "),
              ElementsAre("RCPT TO:<no@*>", "550 no such user", "close"));
  EXPECT_THAT(columns(" "), ElementsAre());
}

TEST(Words, AQuotedPartIsOneWord) {
  EXPECT_THAT(words("text \"no such user\" within 5s"), ElementsAre("text", "no such user", "within", "5s"));
  EXPECT_THAT(words("text \"unfinished"), ElementsAre("text", "unfinished"));
}

TEST(Words, SpansAddUp) {
  struct {
    std::string text;
    std::optional<Span> want;
  } const cases[] = {
      {"0s", 0s}, {"1h1s", 3601s}, {"250ms", 250ms}, {"2d", 48h},   {"1m30s", 90s}, {"", {}},
      {"5", {}},  {"s", {}},       {"5x", {}},       {"1h 1s", {}}, {"-5s", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(read_span(c.text), c.want) << c.text;
}

TEST(Words, TwoHexadecimalDigitsAreAByte) {
  struct {
    std::string text;
    std::optional<std::string> want;
  } const cases[] = {{"", ""}, {"2a0B", "*\x0b"}, {"0", {}}, {"0g", {}}, {"+1", {}}, {"zz", {}}};
  for (const auto& c : cases) EXPECT_EQ(read_hex(c.text), c.want) << c.text;
}

TEST(Words, AStarStandsForAnyText) {
  struct {
    std::string pattern, text;
    bool want;
  } const cases[] = {
      {"*", "", true},
      {"EHLO *", "ehlo mx.example.net", true},
      {"RCPT TO:<no@*>", "RCPT TO:<no@example.org>", true},
      {"RCPT TO:<no@*>", "RCPT TO:<nono@example.org>", false},
      {"*ab*ab", "abab", true},
      {"*ab*ab", "aab", false},
      {"a", "ab", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(glob_matches(c.pattern, c.text), c.want) << c.pattern << " " << c.text;
}

}  // namespace
}  // namespace fallbackmx
