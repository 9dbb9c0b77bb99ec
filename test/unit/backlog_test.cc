#include "probe/verifier/backlog.h"

#include <gtest/gtest.h>

#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

Backlog::Item item(const std::string& address, const std::string& next_hop = "") {
  return {
      .recipient = *Address::parse(address), .next_hop = next_hop, .since = WallTime(1s), .unanswered = true};
}

/// Who is asked about when, if nothing else happens.
std::string order(Backlog& backlog) {
  std::string said;
  while (backlog.size() > 0) {
    const SteadyTime at = backlog.due();
    EXPECT_FALSE(backlog.take(at - 1ms));
    const auto next = backlog.take(at);
    if (!next) return said + " nobody";
    said += std::to_string((at - steady_start) / 1ms) + ":" + next->recipient.key() + " ";
  }
  EXPECT_EQ(backlog.due(), SteadyTime::max());
  return said;
}

TEST(Backlog, IsEmptyAtFirst) {
  Backlog backlog;
  EXPECT_EQ(backlog.due(), SteadyTime::max());
  EXPECT_FALSE(backlog.take(steady_start));
  backlog.hurry(steady_start);
}

TEST(Backlog, HasEachOnceAndNotAllAtOnce) {
  Backlog backlog;
  for (const auto* address : {"a@x.org", "b@x.org", "a@x.org", "c@x.org"})
    backlog.add(item(address), steady_start);
  EXPECT_EQ(order(backlog), "0:a@x.org 100:b@x.org 200:c@x.org ");
}

TEST(Backlog, LetsNextHopsTakeTurns) {
  Backlog backlog;
  for (const auto* address : {"a@x.org", "b@x.org", "c@x.org", "a@y.org", "b@y.org"})
    backlog.add(item(address), steady_start);
  EXPECT_EQ(order(backlog), "0:a@x.org 100:a@y.org 200:b@x.org 300:b@y.org 400:c@x.org ");
}

TEST(Backlog, KeepsThoseBackWhosePrimaryCannotBeAsked) {
  Backlog backlog;
  for (const auto* address : {"a@x.org", "b@x.org", "a@y.org"}) backlog.add(item(address), steady_start);
  auto first = backlog.take(steady_start);
  ASSERT_TRUE(first);
  backlog.put_back(*std::move(first), steady_start + 30s);
  backlog.add(item("c@x.org"), steady_start);
  EXPECT_EQ(order(backlog), "100:a@y.org 30000:a@x.org 30100:b@x.org 30200:c@x.org ");
}

TEST(Backlog, HurriesWhenAPrimaryIsBack) {
  Backlog backlog;
  backlog.add(item("a@x.org"), steady_start + 30s);
  backlog.add(item("b@x.org", "[192.0.2.1]:26"), steady_start + 30s);
  backlog.hurry(steady_start + 5s);
  backlog.hurry(steady_start + 40s);
  EXPECT_EQ(order(backlog), "5000:b@x.org 5100:a@x.org ");
}

TEST(Backlog, IsBounded) {
  Backlog backlog;
  for (std::size_t i = 0; i < Backlog::limit + 10; ++i)
    backlog.add(item("u" + std::to_string(i) + "@x.org"), steady_start);
  EXPECT_EQ(backlog.size(), Backlog::limit);
}

}  // namespace
}  // namespace fallbackmx
