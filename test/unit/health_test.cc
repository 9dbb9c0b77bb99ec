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

TEST_F(HealthTest, ADeadPrimaryIsTriedOncePerInterval) {
  go_down();
  EXPECT_FALSE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now + 800ms, settings));
  now += 1s;
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now, settings)) << "the retry time is written before the trial";
}

TEST_F(HealthTest, AnOutageIsOverAfterHalfItsLengthAndASecondAndThirtySecondsAtMost) {
  go_down();
  const SteadyTime since = now;
  for (int trial = 0; trial < 12; ++trial) {
    const auto distance = std::min<SteadyTime::duration>((now - since) / 2 + 1s, 30s);
    const auto retry_at = health.retry_at(mx);
    ASSERT_TRUE(retry_at);
    EXPECT_LE(*retry_at, now + distance);
    EXPECT_GE(*retry_at, now + distance * 9 / 10 - 1ms) << "at most a tenth earlier";
    now = *retry_at;
    EXPECT_TRUE(health.may_knock(mx, now, settings));
    EXPECT_FALSE(health.failed(mx, now, settings));
  }
  EXPECT_GE(*health.retry_at(mx), now + 27s);
}

TEST_F(HealthTest, ARecipientBringsTheTrialForwardFiveSecondsAfterTheLast) {
  go_down();
  for (int i = 0; i < 12; ++i) {
    now = *health.retry_at(mx);
    EXPECT_TRUE(health.may_knock(mx, now, settings));
  }
  EXPECT_GE(*health.retry_at(mx), now + 27s);
  EXPECT_EQ(health.may_retry_at(mx), now + 5s);
  EXPECT_FALSE(health.may_knock(mx, now + 4999ms, settings));
  EXPECT_TRUE(health.may_knock(mx, now + 5s, settings));
  EXPECT_FALSE(health.may_knock(mx, now + 9s, settings)) << "it was one";
}

TEST_F(HealthTest, WhatWasDownLatelyIsKnownForAMinute) {
  EXPECT_FALSE(health.was_down_lately(mx, now));
  go_down();
  health.alive(mx, now);
  EXPECT_TRUE(health.was_down_lately(mx, now + 59s));
  EXPECT_FALSE(health.was_down_lately(mx, now + 60s));
  health.said_to_be_down("192.0.2.2:25", now, settings);
  health.alive("192.0.2.2:25", now);
  EXPECT_FALSE(health.was_down_lately("192.0.2.2:25", now)) << "others said so, and were wrong";
}

TEST_F(HealthTest, AnOutageHasALengthAndACost) {
  health.waited(mx, 5s);
  EXPECT_FALSE(health.trouble(mx)) << "one that is up has none";
  go_down();
  const SteadyTime since = health.trouble(mx)->since;
  health.waited(mx, 5s);
  health.waited(mx, 1s);
  EXPECT_EQ(health.trouble(mx)->tried_at, since);
  const auto outage = health.alive(mx, since + 31s);
  ASSERT_TRUE(outage);
  EXPECT_EQ(outage->length, 31s);
  EXPECT_EQ(outage->cost.longest_wait, 5s);
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
  EXPECT_LE(*health.retry_at(mx), now + 1s) << "and then as always";
  EXPECT_GE(*health.retry_at(mx), now + 900ms);
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
  EXPECT_FALSE(health.said_to_be_up(mx, now)) << "so it is";
  go_down();
  for (int i = 0; i < 12; ++i) {
    now = *health.retry_at(mx);
    health.may_knock(mx, now, settings);
    health.failed(mx, now, settings);
  }
  EXPECT_GT(*health.retry_at(mx), now + 25s);
  EXPECT_FALSE(health.said_to_be_up(mx, now + 4s)) << "but not as often as anybody likes";
  now += 5s;
  EXPECT_TRUE(health.said_to_be_up(mx, now));
  EXPECT_EQ(health.state(mx), Health::State::down) << "until it says so itself";
  EXPECT_TRUE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.may_knock(mx, now, settings));
  EXPECT_FALSE(health.said_to_be_up(mx, now));
}

TEST_F(HealthTest, WhatIsDisabledIsDownWhateverItDoes) {
  health.disable(mx, now);
  EXPECT_EQ(health.state(mx), Health::State::down);
  EXPECT_EQ(health.retry_at(mx), SteadyTime::max());
  EXPECT_EQ(health.trouble(mx)->since, now);
  EXPECT_FALSE(health.may_knock(mx, now + 1000h, settings));
  EXPECT_FALSE(health.alive(mx, now)) << "no news";
  EXPECT_FALSE(health.said_to_be_up(mx, now));
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
