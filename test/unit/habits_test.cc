#include "probe/habits.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const SteadyTime now{1000h};

TEST(Habits, AServerThatHangsUpAtRsetIsLeftOneTransactionEarlierForAnHour) {
  struct Case {
    std::size_t went_well, most;
  };
  for (const Case& c : {Case{10, 9}, Case{2, 1}, Case{1, 1}}) {
    Habits habits;
    EXPECT_EQ(habits.most_transactions(now), Habits::no_limit);
    habits.hung_up_after(c.went_well, now);
    EXPECT_EQ(habits.most_transactions(now + 59min), c.most);
    EXPECT_EQ(habits.most_transactions(now + 1h), Habits::no_limit);
  }
}

TEST(Habits, AServerThatHangsUpAfterRejectionsIsLeftBeforeForAnHour) {
  Habits habits;
  EXPECT_EQ(habits.most_rejections(now), Habits::no_limit);
  habits.hung_up_after_rejections(2, now);
  EXPECT_EQ(habits.most_rejections(now + 59min), 2U);
  EXPECT_EQ(habits.most_rejections(now + 1h), Habits::no_limit);
  habits.hung_up_after_rejections(0, now);
  EXPECT_EQ(habits.most_rejections(now), 1U) << "one is needed to ask at all";
}

class Alarms : public testing::Test {
 protected:
  bool raised(std::size_t endpoint, const std::string& alarm, SteadyTime at = now) {
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
  EXPECT_FALSE(raised(0, "rcpt refused 550", now + 1h));
  EXPECT_TRUE(raised(0, "mail refused 550", now + 2h)) << "another trouble";
  habits[0].alarm.clear();
  EXPECT_TRUE(raised(0, "mail refused 550", now + 3h));
}

TEST_F(Alarms, AreRaisedOnceMoreInAnHourWithHowManyThereWere) {
  EXPECT_TRUE(raised(0, "rcpt refused 550"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(raised(0, "rcpt refused 550", now + 10min));
  EXPECT_TRUE(raised(0, "rcpt refused 550", now + 61min));
  EXPECT_EQ(habits[0].held_back, 5u);
}

TEST_F(Alarms, AreRaisedOncePerHostNotPerAddress) {
  EXPECT_TRUE(raised(0, "rcpt refused 550"));
  EXPECT_FALSE(raised(1, "rcpt refused 550", now + 1s));
  EXPECT_TRUE(raised(2, "rcpt refused 550", now + 2s)) << "another host";
  habits[1].alarm.clear();
  EXPECT_TRUE(raised(1, "rcpt refused 550", now + 1h)) << "it was well meanwhile, at that address";
}

}  // namespace
}  // namespace fallbackmx
