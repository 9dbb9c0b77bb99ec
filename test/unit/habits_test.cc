#include "probe/primary/habits.h"

#include <gtest/gtest.h>

#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(Habits, AServerThatHangsUpAtRsetIsLeftOneTransactionEarlierForAnHour) {
  struct Case {
    std::size_t went_well, most;
  };
  for (const Case& c : {Case{10, 9}, Case{2, 1}, Case{1, 1}}) {
    Habits habits;
    EXPECT_EQ(habits.most_transactions(steady_start), Habits::no_limit);
    habits.hung_up_after(c.went_well, steady_start);
    EXPECT_EQ(habits.most_transactions(steady_start + 59min), c.most);
    EXPECT_EQ(habits.most_transactions(steady_start + 1h), Habits::no_limit);
  }
}

TEST(Habits, AServerThatHangsUpAfterRejectionsIsLeftBeforeForAnHour) {
  Habits habits;
  EXPECT_EQ(habits.most_rejections(steady_start), Habits::no_limit);
  habits.hung_up_after_rejections(2, steady_start);
  EXPECT_EQ(habits.most_rejections(steady_start + 59min), 2U);
  EXPECT_EQ(habits.most_rejections(steady_start + 1h), Habits::no_limit);
  habits.hung_up_after_rejections(0, steady_start);
  EXPECT_EQ(habits.most_rejections(steady_start), 1U) << "one is needed to ask at all";
}

class Alarms : public testing::Test {
 protected:
  bool raised(std::size_t endpoint, const std::string& alarm, SteadyTime at = steady_start) {
    return is_news(habits, endpoints, endpoint, alarm, at);
  }
  static Endpoint at(const std::string& host, const std::string& address) {
    return {host, boost::asio::ip::make_address(address)};
  }

  const std::vector<Endpoint> endpoints = {at("mx1.example.org", "2001:db8::1"),
                                           at("mx1.example.org", "192.0.2.1"),
                                           at("mx2.example.org", "192.0.2.2")};
  std::vector<Habits> habits{3};
};

TEST_F(Alarms, AreRaisedOnceUntilTheServerIsWellAgain) {
  EXPECT_TRUE(raised(0, "rcpt refused 550"));
  EXPECT_FALSE(raised(0, "rcpt refused 550", steady_start + 1h));
  EXPECT_TRUE(raised(0, "mail refused 550", steady_start + 2h)) << "another trouble";
  habits[0].alarm.clear();
  EXPECT_TRUE(raised(0, "mail refused 550", steady_start + 3h));
}

TEST_F(Alarms, AreRaisedOnceMoreInAnHourWithHowManyThereWere) {
  EXPECT_TRUE(raised(0, "rcpt refused 550"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(raised(0, "rcpt refused 550", steady_start + 10min));
  EXPECT_TRUE(raised(0, "rcpt refused 550", steady_start + 61min));
  EXPECT_EQ(habits[0].held_back, 5u);
}

TEST_F(Alarms, AreRaisedOncePerHostNotPerAddress) {
  EXPECT_TRUE(raised(0, "rcpt refused 550"));
  EXPECT_FALSE(raised(1, "rcpt refused 550", steady_start + 1s));
  EXPECT_TRUE(raised(2, "rcpt refused 550", steady_start + 2s)) << "another host";
  habits[1].alarm.clear();
  EXPECT_TRUE(raised(1, "rcpt refused 550", steady_start + 1h)) << "it was well meanwhile, at that address";
}

}  // namespace
}  // namespace fallbackmx
