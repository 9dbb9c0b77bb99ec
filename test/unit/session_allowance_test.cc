#include "probe/primary/session_allowance.h"

#include <gtest/gtest.h>

#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(SessionAllowance, IsTheConfiguredLimitUntilThePrimaryRefusesOneMore) {
  SessionAllowance allowance;
  EXPECT_EQ(allowance.of(4, steady_start), 4U);
  EXPECT_TRUE(allowance.refused({.standing = 2}, steady_start));
  EXPECT_EQ(allowance.of(4, steady_start), 2U);
  EXPECT_EQ(allowance.of(1, steady_start), 1U) << "never more than configured";
}

TEST(SessionAllowance, IsTriedAgainAfterAnHour) {
  SessionAllowance allowance;
  allowance.refused({.standing = 2}, steady_start);
  EXPECT_EQ(allowance.of(4, steady_start + 1h), 2U);
  EXPECT_EQ(allowance.of(4, steady_start + 1h + 1s), 4U);
}

TEST(SessionAllowance, WhileNobodyStandsYetItIsAGuess) {
  SessionAllowance allowance;
  EXPECT_TRUE(allowance.refused({.knocking = 3}, steady_start));
  EXPECT_EQ(allowance.of(4, steady_start), 3U);
  EXPECT_EQ(allowance.of(4, steady_start + 11s), 4U);
}

TEST(SessionAllowance, APrimaryThatOnlyDoesNotAnswerMayHaveAnotherReason) {
  SessionAllowance allowance;
  EXPECT_TRUE(allowance.refused({.standing = 2, .silently = true}, steady_start));
  EXPECT_EQ(allowance.of(4, steady_start), 2U);
  EXPECT_EQ(allowance.of(4, steady_start + 11s), 4U);
}

TEST(SessionAllowance, ARefusalOfTheOnlyConnectionIsNoLimit) {
  SessionAllowance allowance;
  EXPECT_FALSE(allowance.refused({}, steady_start));
  EXPECT_EQ(allowance.of(4, steady_start), 4U);
}

}  // namespace
}  // namespace fallbackmx
