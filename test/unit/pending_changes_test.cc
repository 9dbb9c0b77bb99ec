#include "probe/store/pending_changes.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

AddressRecord yes_at(Seconds at) { return {Verdict::deliverable, 250, "", "", WallTime(at), WallTime(at)}; }
AddressRecord no_at(Seconds at) { return {Verdict::undeliverable, 550, "", "", WallTime(at), {}}; }

TEST(PendingChanges, AreFoundUntilTheyAreWritten) {
  PendingChanges pending;
  EXPECT_TRUE(pending.add("u@a.org", yes_at(1s)));
  EXPECT_FALSE(pending.empty());
  EXPECT_EQ(*pending.find("u@a.org"), yes_at(1s));
  EXPECT_EQ(pending.take().size(), 1u);
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(*pending.find("u@a.org"), yes_at(1s));
  pending.add("u@a.org", std::nullopt);
  EXPECT_EQ(*pending.find("u@a.org"), std::nullopt);
  EXPECT_EQ(pending.written().size(), 1u);
  EXPECT_EQ(*pending.find("u@a.org"), std::nullopt);
  pending.take();
  EXPECT_EQ(pending.written().size(), 1u);
  EXPECT_EQ(pending.find("u@a.org"), nullptr);
}

TEST(PendingChanges, OfADomainNameItsBestAndAllThatChanged) {
  PendingChanges pending;
  pending.add("a@x.org", yes_at(10s));
  pending.add("b@x.org", yes_at(30s));
  pending.add("c@x.org", no_at(40s));
  pending.add("d@sub.x.org", yes_at(50s));
  pending.take();
  EXPECT_EQ(pending.of_domain("x.org").best, "b@x.org");
  pending.add("b@x.org", no_at(60s));  // newer than what is being written
  pending.add("e@x.org", std::nullopt);
  const auto changed = pending.of_domain("x.org");
  EXPECT_EQ(changed.best, "a@x.org");
  EXPECT_EQ(changed.last_yes, WallTime(10s));
  EXPECT_EQ(changed.keys, (std::unordered_set<std::string>{"a@x.org", "b@x.org", "c@x.org", "e@x.org"}));
  EXPECT_TRUE(pending.of_domain("org").best.empty());
}

TEST(PendingChanges, WaitAgainWhenTheyWereWrittenInVain) {
  PendingChanges pending;
  pending.add("a@x.org", yes_at(1s));
  pending.add("b@x.org", yes_at(1s));
  pending.take();
  pending.add("b@x.org", no_at(2s));
  pending.give_back();
  EXPECT_EQ(pending.written().size(), 1u);  // what has changed since
  EXPECT_FALSE(pending.empty());
  EXPECT_EQ(*pending.find("a@x.org"), yes_at(1s));
  EXPECT_EQ(*pending.find("b@x.org"), no_at(2s));
  EXPECT_EQ(pending.take().size(), 2u);
}

TEST(PendingChanges, AreRefusedWhenTooManyWait) {
  PendingChanges pending;
  int added = 0;
  while (pending.add("u" + std::to_string(added) + "@x.org", yes_at(1s))) ++added;
  EXPECT_EQ(added, 50'000);
  EXPECT_TRUE(pending.add("u7@x.org", no_at(2s)));  // takes no more room
  pending.take();
  EXPECT_TRUE(pending.add("new@x.org", yes_at(1s)));
}

TEST(DomainOfKey, IsWhatFollowsTheLastAt) {
  EXPECT_EQ(domain_of_key("u@x.org"), "x.org");
  EXPECT_EQ(domain_of_key("\"a@b\"@x.org"), "x.org");
  EXPECT_EQ(domain_of_key("postmaster"), "");
}

}  // namespace
}  // namespace fallbackmx
