#include "probe/base/bloom_filter.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(BloomFilter, NeverMissesWhatWasAddedAndSeldomKnowsWhatWasNot) {
  constexpr std::uint64_t most = 1'000'000;
  BloomFilter filter;
  for (std::uint64_t i = 0; i < most; ++i) filter.add(i);
  for (std::uint64_t i = 0; i < most; ++i) ASSERT_TRUE(filter.may_contain(i)) << i;
  int taken_for_seen = 0;
  for (std::uint64_t i = most; i < 2 * most; ++i) taken_for_seen += filter.may_contain(i) ? 1 : 0;
  EXPECT_GT(taken_for_seen, 0);
  EXPECT_LT(taken_for_seen, most / 400);
}

}  // namespace
}  // namespace fallbackmx
