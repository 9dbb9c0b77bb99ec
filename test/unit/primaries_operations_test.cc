#include "milter/control/primaries_operations.h"

#include <gmock/gmock.h>

namespace fallbackmx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Wish = Verifier::Wish;

class PrimariesOperations : public ::testing::Test {
 protected:
  std::vector<std::string> named(const std::string& word) {
    std::vector<std::string> keys;
    for (const auto& each : primaries_named(primaries_, word)) keys.push_back(each.key);
    return keys;
  }

  ControlReply steer(const std::string& word, Wish wish) {
    return primaries_steer({.arguments = {{"primary", word}}}, primaries_, wish, log_,
                           [this](const std::string& key, Wish done) { steered_.emplace_back(key, done); });
  }

  const std::vector<PrimaryState> primaries_ = {
      {.server = "mx1.example.org[192.0.2.1]:25", .key = "192.0.2.1:25", .next_hop = "example.org"},
      {.server = "mx1.example.org[2001:db8::1]:25", .key = "[2001:db8::1]:25", .next_hop = "example.org"},
      {.server = "mx2.example.org[192.0.2.2]:2525",
       .key = "192.0.2.2:2525",
       .next_hop = "[mx2.example.org]:2525",
       .state = Health::State::down,
       .disabled = true,
       .since = WallTime(std::chrono::seconds(1'800'000'000)),
       .round_trip = std::chrono::milliseconds(12),
       .accepts_everything = {"example.net"}}};
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
  std::vector<std::pair<std::string, Wish>> steered_;
};

TEST_F(PrimariesOperations, AServerIsMeantByEachOfItsNames) {
  EXPECT_THAT(named("mx1.example.org[192.0.2.1]:25"), ElementsAre("192.0.2.1:25"));
  EXPECT_THAT(named("192.0.2.1:25"), ElementsAre("192.0.2.1:25"));
  EXPECT_THAT(named("192.0.2.1"), ElementsAre("192.0.2.1:25"));
  EXPECT_THAT(named("2001:DB8::1"), ElementsAre("[2001:db8::1]:25"));
  EXPECT_THAT(named("MX1.example.org"), ElementsAre("192.0.2.1:25", "[2001:db8::1]:25"));
  EXPECT_THAT(named("example.org"), ElementsAre("192.0.2.1:25", "[2001:db8::1]:25"));
  EXPECT_THAT(named("mx"), ElementsAre());
  EXPECT_THAT(named(""), ElementsAre());
}

TEST_F(PrimariesOperations, AllThatAreMeantAreSteeredAndTheLogSaysSo) {
  const auto reply = steer("mx1.example.org", Wish::disable);
  EXPECT_TRUE(reply.ok()) << reply.error;
  EXPECT_THAT(steered_, ElementsAre(std::pair("192.0.2.1:25", Wish::disable),
                                    std::pair("[2001:db8::1]:25", Wish::disable)));
  EXPECT_EQ(reply.result["done"], "disabled");
  EXPECT_THAT(lines_, ElementsAre("primary mx1.example.org[192.0.2.1]:25 is disabled by an operator",
                                  "primary mx1.example.org[2001:db8::1]:25 is disabled by an operator"));
}

TEST_F(PrimariesOperations, ASlipSteersNobody) {
  const auto slip = steer("mx1.exmaple.org", Wish::reset);
  EXPECT_EQ(slip.exit, 64);
  EXPECT_THAT(slip.error, HasSubstr("did you mean mx1.example.org?"));
  EXPECT_THAT(steer("elsewhere", Wish::reset).error, HasSubstr("fallbackmx primaries list"));
  EXPECT_TRUE(steered_.empty());
}

TEST_F(PrimariesOperations, AListHasARowForEach) {
  const auto rows = primaries_list(primaries_).result["primaries"];
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["state"], "up");
  EXPECT_TRUE(rows[0]["since"].is_null());
  EXPECT_TRUE(rows[0]["round_trip"].is_null());
  EXPECT_EQ(rows[2]["state"], "disabled");
  EXPECT_EQ(rows[2]["since"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(rows[2]["round_trip"], 0.012);
  EXPECT_EQ(rows[2]["accepts_everything"][0], "example.net");
}

}  // namespace
}  // namespace fallbackmx
