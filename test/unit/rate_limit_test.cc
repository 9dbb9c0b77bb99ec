#include "probe/base/rate_limit.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, LetsOneOfManyThroughAndCountsTheOthers) {
  RateLimit limit(10min, 100);
  SteadyTime now{1h};
  EXPECT_EQ(limit.pass("a", now), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.pass("a", now += 1s), std::nullopt);
  EXPECT_EQ(limit.pass("b", now), 0u) << "something else";
  now += 10min;
  EXPECT_EQ(limit.pass("a", now), 5u);
  EXPECT_EQ(limit.pass("a", now), std::nullopt);
  EXPECT_EQ(limit.pass("a", now + 10min), 1u);
}

TEST(RateLimit, ForgetsWhatHasBeenSilentLongest) {
  RateLimit limit(10min, 2);
  const SteadyTime now{1h};
  for (const char* what : {"a", "b", "c"}) EXPECT_EQ(limit.pass(what, now), 0u);
  EXPECT_EQ(limit.pass("a", now), 0u);
  EXPECT_EQ(limit.pass("c", now), std::nullopt);
}

}  // namespace
}  // namespace fallbackmx
