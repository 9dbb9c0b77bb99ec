#include "probe/primary/probe_queue.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

class ProbeQueueTest : public testing::Test {
 protected:
  std::shared_ptr<Probe> add(const std::string& recipient, const std::string& client) {
    return queue.add(*Address::parse(recipient), client, SteadyTime());
  }

  int everywhere = 0;
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
  SystemClock clock;
  const auto waiter = std::make_shared<Waiter>(clock);
  add("dropped@example.org", "client")
      ->waiters.emplace_back(waiter, SteadyTime(), SteadyTime(), Source::probe);
  add("queued@example.org", "client");
  queue.take(0);
  queue.finish_lost(Verdict::late, "out of memory");
  const auto answer = waiter->wait_until(SteadyTime::min());
  ASSERT_TRUE(answer && answer->result);
  EXPECT_EQ(answer->result->verdict, Verdict::late);
  EXPECT_EQ(answer->result->why, "out of memory");
  EXPECT_TRUE(queue.find(*Address::parse("queued@example.org")));
  EXPECT_EQ(queue.in_flight(), 1u);
}

}  // namespace
}  // namespace fallbackmx
