#include "milter/rules/reply.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

std::string line(const Reply& reply) {
  return std::to_string(reply.code) + ' ' + reply.dsn + ' ' + reply.text;
}

TEST(Reply, IsMadeFitForTheWire) {
  struct Case {
    std::string_view name;
    int code;
    std::string_view dsn, text;
    bool soft_bounce;
    std::string_view want;
  };
  const Case cases[] = {
      {"code and class agree", 550, "5.1.1", "no", false, "550 5.1.1 no"},
      {"the class follows a permanent code", 550, "4.1.8", "no", false, "550 5.1.8 no"},
      {"the class follows a temporary code", 450, "5.5.2", "no", false, "450 4.5.2 no"},
      {"soft_bounce softens code and class", 550, "5.1.1", "no", true, "450 4.1.1 no"},
      {"soft_bounce keeps the last digits", 556, "5.1.10", "no", true, "456 4.1.10 no"},
      {"soft_bounce leaves a temporary code alone", 451, "4.3.0", "no", true, "451 4.3.0 no"},
      {"a code of success cannot be said", 250, "2.0.0", "ok", false, "450 4.7.1 Service unavailable"},
      {"a code beyond 599 cannot be said", 600, "5.0.0", "no", false, "450 4.7.1 Service unavailable"},
      {"a code below 400 cannot be said", 399, "4.0.0", "no", false, "450 4.7.1 Service unavailable"},
      {"an enhanced code of one digit is none", 550, "5", "no", false, "450 4.7.1 Service unavailable"},
      {"an enhanced code needs a detail", 550, "5.1", "no", false, "450 4.7.1 Service unavailable"},
      {"an enhanced code of four digits is none", 550, "5.1.1000", "no", false,
       "450 4.7.1 Service unavailable"},
      {"an empty enhanced code is none", 550, "", "no", false, "450 4.7.1 Service unavailable"},
      {"line ends become blanks", 550, "5.1.1", "a\r\n250 b", false, "550 5.1.1 a  250 b"},
      {"control bytes become blanks, 8-bit ones ?", 550, "5.1.1", "a\x01\x7f\xc3\xa9z", false,
       "550 5.1.1 a  ??z"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(line(make_reply(c.code, c.dsn, c.text, c.soft_bounce)), c.want) << c.name;
  }
}

TEST(Reply, StaysWithin510BytesWithCodeAndEnhancedCode) {
  EXPECT_EQ(line(make_reply(550, "5.1.1", std::string(2000, 'x'), false)).size(), 510u);
}

TEST(Reply, DoublesPercentSignsForLibmilterAndNeverLeavesALoneOneAtTheEnd) {
  EXPECT_EQ(for_libmilter({550, "5.1.1", "a%b%%c"}), "a%%b%%%%c");
  for (std::size_t lead = 0; lead < 4; ++lead) {
    const auto text = for_libmilter({550, "5.1.1", std::string(lead, 'x') + std::string(600, '%')});
    EXPECT_LE(text.size(), 980u);
    EXPECT_EQ((text.size() - lead) % 2, 0u) << lead;
  }
}

}  // namespace
}  // namespace fallbackmx
