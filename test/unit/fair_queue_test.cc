#include "probe/primary/fair_queue.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

/// A queue of probes that are named like `a1`: client a's first.
class FairQueueTest : public testing::Test {
 protected:
  std::shared_ptr<Probe> probe(const std::string& name, bool crowding) {
    auto made =
        std::make_shared<Probe>(*Address::parse(name + "@example.org"), name.substr(0, 1), SteadyTime(), 1);
    made->crowding = crowding;
    return made;
  }
  std::shared_ptr<Probe> few(const std::string& name) { return push(probe(name, false)); }
  std::shared_ptr<Probe> many(const std::string& name) { return push(probe(name, true)); }
  std::shared_ptr<Probe> push(std::shared_ptr<Probe> made) {
    queue.push(made);
    return made;
  }

  static std::string name(const std::shared_ptr<Probe>& probe) { return probe->recipient.local(); }
  static bool any(const Probe&) { return true; }
  std::string taken() {
    std::string order;
    while (const auto next = queue.take(any)) order += name(next) + " ";
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.crowding(), 0U);
    return order;
  }

  FairQueue queue;
};

TEST_F(FairQueueTest, WhoAsksForFewIsServedInTheOrderOfAsking) {
  for (const auto* name : {"a1", "b1", "a2", "c1"}) few(name);
  EXPECT_EQ(taken(), "a1 b1 a2 c1 ");
}

TEST_F(FairQueueTest, ACrowdTakesTurnsWithTheFewAndWithOtherCrowds) {
  for (const auto* name : {"a1", "a2", "a3", "a4", "b1", "b2"}) many(name);
  for (const auto* name : {"c1", "d1", "e1"}) few(name);
  EXPECT_EQ(queue.crowding(), 6U);
  EXPECT_EQ(taken(), "c1 a1 d1 b1 e1 a2 b2 a3 a4 ");
}

TEST_F(FairQueueTest, WhatIsPutBackComesBeforeAllOthersInItsOrder) {
  many("a1");
  few("b1");
  queue.put_back({probe("c1", true), probe("d1", false)});
  EXPECT_EQ(queue.crowding(), 2U);
  EXPECT_EQ(taken(), "c1 d1 b1 a1 ");
}

TEST_F(FairQueueTest, OnlyTheWantedAreTaken) {
  many("a1");
  const auto wanted = many("a2");
  few("b1");
  EXPECT_EQ(queue.take([&](const Probe& each) { return &each == wanted.get(); }), wanted);
  EXPECT_EQ(queue.take([](const Probe&) { return false; }), nullptr);
  EXPECT_FALSE(queue.any([](const Probe& each) { return each.recipient.local() == "a2"; }));
  EXPECT_EQ(queue.take_all([](const Probe& each) { return each.crowding; }).size(), 1U);
  EXPECT_EQ(taken(), "b1 ");
}

TEST_F(FairQueueTest, OneOfManyThatSomebodyElseWantsTooIsOneOfFew) {
  for (const auto* name : {"a1", "a2"}) many(name);
  const auto wanted = many("a3");
  EXPECT_TRUE(queue.promote(wanted));
  EXPECT_FALSE(queue.promote(wanted));
  EXPECT_EQ(queue.crowding(), 2U);
  EXPECT_EQ(taken(), "a3 a1 a2 ");
  EXPECT_FALSE(queue.promote(wanted)) << "some session has it";
}

}  // namespace
}  // namespace fallbackmx
