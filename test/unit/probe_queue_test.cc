#include "probe/primary/probe_queue.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

class ProbeQueueTest : public testing::Test {
 protected:
  std::shared_ptr<Probe> add(const std::string& recipient, const std::string& client) {
    return queue.add(*Address::parse(recipient), client, SteadyTime());
  }

  std::atomic<int> everywhere{0};
  ProbeQueue queue{1, everywhere};
};

TEST_F(ProbeQueueTest, TheFirstFewOfAClientAreNotCrowding) {
  const auto first = add("1@example.org", "a");
  EXPECT_FALSE(first->crowding);
  EXPECT_FALSE(add("2@example.org", "a")->crowding);
  EXPECT_TRUE(add("3@example.org", "a")->crowding);
  EXPECT_FALSE(add("4@example.org", "b")->crowding);
  queue.finish(first, {});
  queue.finish(queue.find(*Address::parse("2@example.org")), {});
  EXPECT_EQ(queue.in_flight("a"), 1U);
  EXPECT_FALSE(add("5@example.org", "a")->crowding);
}

TEST_F(ProbeQueueTest, AllTogetherFillItAndOneClientAloneHalfOfIt) {
  everywhere = 5;
  EXPECT_FALSE(queue.full_for("a", 6));
  add("1@example.org", "a");
  EXPECT_TRUE(queue.full_for("a", 6)) << "six are in flight";
  EXPECT_FALSE(queue.full_for("a", 7));
  everywhere = 3;
  add("2@example.org", "a");
  EXPECT_FALSE(queue.full_for("a", 6));
  add("3@example.org", "a");
  EXPECT_TRUE(queue.full_for("a", 6)) << "three of six";
  EXPECT_FALSE(queue.full_for("b", 6));
}

TEST_F(ProbeQueueTest, WhatEndsWithItIsInFlightNoMore) {
  {
    ProbeQueue other{1, everywhere};
    other.add(*Address::parse("1@example.org"), "a", SteadyTime());
    add("1@example.org", "a");
    EXPECT_EQ(everywhere, 2);
  }
  EXPECT_EQ(everywhere, 1);
}

TEST_F(ProbeQueueTest, KeptRoomIsForTheFew) {
  for (const auto* recipient : {"1@example.org", "2@example.org", "3@example.org"}) add(recipient, "a");
  EXPECT_NE(queue.take(0, true), nullptr);
  EXPECT_NE(queue.take(0, true), nullptr);
  EXPECT_EQ(queue.take(0, true), nullptr);
  EXPECT_NE(queue.take(0, false), nullptr);
}

TEST_F(ProbeQueueTest, WhoJoinsOneOfManyIsServedAsOneOfFewUnlessHeIsACrowdHimself) {
  for (const auto* recipient : {"1@example.org", "2@example.org"}) add(recipient, "a");
  const auto wanted = add("3@example.org", "a");
  EXPECT_FALSE(queue.join(wanted, "a"));
  EXPECT_TRUE(queue.join(wanted, "b"));
  EXPECT_FALSE(queue.join(wanted, "b")) << "done already";
  EXPECT_EQ(queue.crowding(), 0U);
}

/// A session that ran out of memory has dropped it. Whoever asked for the same address later would have
/// waited for a probe that nobody makes.
TEST_F(ProbeQueueTest, WhatIsInNobodysHandsIsFinished) {
  const auto waits = SystemClock().sleeper();
  const auto dropped = add("dropped@example.org", "client");
  const auto queued = add("queued@example.org", "client");
  dropped->waiters.push_back(waits.get());
  queue.take(0);
  queue.finish_lost(Verdict::late, "out of memory");
  ASSERT_TRUE(dropped->result);
  EXPECT_EQ(dropped->result->verdict, Verdict::late);
  EXPECT_EQ(dropped->result->why, "out of memory");
  EXPECT_TRUE(waits->sleep_until(SteadyTime::min())) << "who waited was woken";
  EXPECT_FALSE(queued->result);
  EXPECT_EQ(queue.in_flight(), 1u);
}

}  // namespace
}  // namespace fallbackmx
