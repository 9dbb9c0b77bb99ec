#include "probe/primary/health.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    settings.primary_down_after = 2;
    settings.primary_retry_time = 30s;
  }
  void go_down() {
    health.failed(mx, now, settings);
    ASSERT_TRUE(health.failed(mx, now, settings));
  }

  const std::string mx = "192.0.2.1:25";
  Settings settings;
  Health health;
  SteadyTime now{1000h};
};

TEST_F(HealthTest, OneFailureIsSuspicionTwoAreAnOutage) {
  EXPECT_EQ(health.state(mx), Health::State::up);
  EXPECT_FALSE(health.failed(mx, now, settings));
  EXPECT_EQ(health.state(mx), Health::State::suspect);
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_TRUE(health.failed(mx, now, settings)) << "going down is news";
  EXPECT_EQ(health.state(mx), Health::State::down);
  EXPECT_FALSE(health.failed(mx, now, settings)) << "being down is not";
}

TEST_F(HealthTest, TroubleHasABeginning) {
  EXPECT_FALSE(health.trouble(mx));
  health.failed(mx, now, settings);
  EXPECT_EQ(health.trouble(mx)->state, Health::State::suspect);
  EXPECT_EQ(health.trouble(mx)->since, now);
  const SteadyTime later = now + 5s;
  health.failed(mx, later, settings);
  health.failed(mx, later + 1s, settings);
  EXPECT_EQ(health.trouble(mx)->state, Health::State::down);
  EXPECT_EQ(health.trouble(mx)->since, later);
  health.alive(mx, later + 2s);
  EXPECT_FALSE(health.trouble(mx));
}

TEST_F(HealthTest, ADeadPrimaryIsKnockedAtOncePerInterval) {
  go_down();
  EXPECT_FALSE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now + 26s, settings));
  now += 30s;
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now, settings)) << "the retry time is written before knocking";
}

TEST_F(HealthTest, TheIntervalDoublesUpToTenMinutes) {
  go_down();
  for (const auto interval : {30s, 60s, 120s, 240s, 480s, 600s, 600s, 600s}) {
    const auto retry_at = health.retry_at(mx);
    ASSERT_TRUE(retry_at);
    EXPECT_LE(*retry_at, now + interval);
    EXPECT_GE(*retry_at, now + interval * 9 / 10) << "at most a tenth earlier";
    now = *retry_at;
    EXPECT_TRUE(health.may_knock(mx, now, settings));
    EXPECT_FALSE(health.failed(mx, now, settings));
  }
}

TEST_F(HealthTest, ALongRetryTimeIsNotShortened) {
  settings.primary_retry_time = 3600s;
  go_down();
  now = *health.retry_at(mx);
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_GE(*health.retry_at(mx), now + 3240s);
}

TEST_F(HealthTest, OneGoodReplyEndsTheOutageAtOnce) {
  go_down();
  EXPECT_TRUE(health.alive(mx, now)) << "being back is news";
  EXPECT_EQ(health.state(mx), Health::State::up);
  EXPECT_FALSE(health.retry_at(mx));
  EXPECT_FALSE(health.alive(mx, now));
}

TEST_F(HealthTest, FailuresCountOnlyInARow) {
  health.failed(mx, now, settings);
  health.alive(mx, now);
  EXPECT_FALSE(health.failed(mx, now, settings));
  EXPECT_EQ(health.state(mx), Health::State::suspect);
}

TEST_F(HealthTest, EndpointsAreApart) {
  go_down();
  EXPECT_EQ(health.state("192.0.2.2:25"), Health::State::up);
  EXPECT_TRUE(health.may_knock("192.0.2.2:25", now, settings));
}

TEST_F(HealthTest, OneThatIsSaidToBeDownIsTriedAtOnce) {
  EXPECT_TRUE(health.said_to_be_down(mx, now, settings));
  EXPECT_FALSE(health.said_to_be_down(mx, now, settings)) << "no news any more";
  EXPECT_EQ(health.state(mx), Health::State::down);
  EXPECT_EQ(health.retry_at(mx), now);
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now, settings)) << "by one";
  EXPECT_FALSE(health.failed(mx, now, settings));
  EXPECT_LE(*health.retry_at(mx), now + 30s) << "and then once per interval";
  EXPECT_GE(*health.retry_at(mx), now + 27s);
}

TEST_F(HealthTest, WhatItSaysItselfOutweighsWhatIsSaidAboutIt) {
  health.alive(mx, now);
  EXPECT_FALSE(health.said_to_be_down(mx, now + 30s, settings)) << "it spoke with us within the interval";
  now += 31s;
  EXPECT_TRUE(health.said_to_be_down(mx, now, settings));
  EXPECT_TRUE(health.alive(mx, now));
  EXPECT_EQ(health.state(mx), Health::State::up);
  EXPECT_FALSE(health.said_to_be_down(mx, now + 59min, settings))
      << "who was wrong is not believed for an hour";
  EXPECT_TRUE(health.said_to_be_down(mx, now + 1h, settings));
}

TEST_F(HealthTest, ARumourThatProvesTrueMakesNobodyDeaf) {
  health.said_to_be_down(mx, now, settings);
  health.failed(mx, now, settings);
  EXPECT_TRUE(health.alive(mx, now + 10s));
  EXPECT_TRUE(health.said_to_be_down(mx, now + 60s, settings));
}

TEST_F(HealthTest, OneThatIsSaidToBeUpIsKnockedAtBeforeItsTime) {
  EXPECT_FALSE(health.said_to_be_up(mx, now, settings)) << "so it is";
  go_down();
  for (int i = 0; i < 3; ++i) {
    now = *health.retry_at(mx);
    health.may_knock(mx, now, settings);
    health.failed(mx, now, settings);
  }
  EXPECT_GT(*health.retry_at(mx), now + 200s);
  EXPECT_FALSE(health.said_to_be_up(mx, now + 29s, settings)) << "but not as often as anybody likes";
  now += 30s;
  EXPECT_TRUE(health.said_to_be_up(mx, now, settings));
  EXPECT_EQ(health.state(mx), Health::State::down) << "until it says so itself";
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.said_to_be_up(mx, now, settings));
}

TEST_F(HealthTest, WhatIsDisabledIsDownWhateverItDoes) {
  health.disable(mx, now);
  EXPECT_EQ(health.state(mx), Health::State::down);
  EXPECT_EQ(health.retry_at(mx), SteadyTime::max());
  EXPECT_EQ(health.trouble(mx)->since, now);
  EXPECT_FALSE(health.may_knock(mx, now + 1000h, settings));
  EXPECT_FALSE(health.alive(mx, now)) << "no news";
  EXPECT_FALSE(health.said_to_be_up(mx, now, settings));
  health.reset(mx);
  EXPECT_TRUE(health.disabled(mx));
  health.disable(mx, now + 5s);
  EXPECT_EQ(health.trouble(mx)->since, now) << "it is disabled already";
  health.enable(mx);
  EXPECT_FALSE(health.disabled(mx));
  EXPECT_EQ(health.state(mx), Health::State::up);
  EXPECT_TRUE(health.may_knock(mx, now, settings));
}

TEST_F(HealthTest, WhatIsResetIsUpUntilItFailsAgain) {
  go_down();
  health.reset(mx);
  EXPECT_EQ(health.state(mx), Health::State::up);
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.failed(mx, now, settings)) << "the first of two";
}

}  // namespace
}  // namespace fallbackmx
