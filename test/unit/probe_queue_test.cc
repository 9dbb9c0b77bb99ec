#include "probe/probe_queue.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

/// A session that ran out of memory has dropped it. Whoever asked for the same address later would have
/// waited for a probe that nobody makes.
TEST(ProbeQueue, WhatIsInNobodysHandsIsFinished) {
  ProbeQueue probes(1);
  const auto waits = SystemClock().sleeper();
  const auto dropped = probes.add(*Address::parse("dropped@example.org"), "client", SteadyTime{});
  const auto queued = probes.add(*Address::parse("queued@example.org"), "client", SteadyTime{});
  dropped->waiters.push_back(waits.get());
  probes.take(0);
  probes.finish_lost(Verdict::late, "out of memory");
  ASSERT_TRUE(dropped->result);
  EXPECT_EQ(dropped->result->verdict, Verdict::late);
  EXPECT_EQ(dropped->result->why, "out of memory");
  EXPECT_TRUE(waits->sleep_until(SteadyTime::min())) << "who waited was woken";
  EXPECT_FALSE(queued->result);
  EXPECT_EQ(probes.in_flight(), 1u);
}

}  // namespace
}  // namespace fallbackmx
