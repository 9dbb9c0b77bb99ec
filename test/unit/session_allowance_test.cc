#include "probe/session_allowance.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const SteadyTime now{1000h};

TEST(SessionAllowance, IsTheConfiguredLimitUntilThePrimaryRefusesOneMore) {
  SessionAllowance allowance;
  EXPECT_EQ(allowance.of(4, now), 4U);
  EXPECT_TRUE(allowance.refused({.standing = 2}, now));
  EXPECT_EQ(allowance.of(4, now), 2U);
  EXPECT_EQ(allowance.of(1, now), 1U) << "never more than configured";
}

TEST(SessionAllowance, IsTriedAgainAfterAnHour) {
  SessionAllowance allowance;
  allowance.refused({.standing = 2}, now);
  EXPECT_EQ(allowance.of(4, now + 1h), 2U);
  EXPECT_EQ(allowance.of(4, now + 1h + 1s), 4U);
}

TEST(SessionAllowance, WhileNobodyStandsYetItIsAGuess) {
  SessionAllowance allowance;
  EXPECT_TRUE(allowance.refused({.knocking = 3}, now));
  EXPECT_EQ(allowance.of(4, now), 3U);
  EXPECT_EQ(allowance.of(4, now + 11s), 4U);
}

TEST(SessionAllowance, APrimaryThatOnlyDoesNotAnswerMayHaveAnotherReason) {
  SessionAllowance allowance;
  EXPECT_TRUE(allowance.refused({.standing = 2, .silently = true}, now));
  EXPECT_EQ(allowance.of(4, now), 2U);
  EXPECT_EQ(allowance.of(4, now + 11s), 4U);
}

TEST(SessionAllowance, ARefusalOfTheOnlyConnectionIsNoLimit) {
  SessionAllowance allowance;
  EXPECT_FALSE(allowance.refused({}, now));
  EXPECT_EQ(allowance.of(4, now), 4U);
}

}  // namespace
}  // namespace fallbackmx
