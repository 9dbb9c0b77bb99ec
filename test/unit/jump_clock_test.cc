#include "test/fake/jump_clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "probe/base/loop.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(JumpClock, AJumpMovesBothTimes) {
  JumpClock clock;
  const auto steady = clock.now();
  const auto wall = clock.wall();
  clock.jump(1h);
  EXPECT_GE(clock.now() - steady, 1h);
  EXPECT_LT(clock.now() - steady, 1h + 1min);
  EXPECT_GE(clock.wall() - wall, 1h);
  clock.jump_wall(-2h);
  EXPECT_LT(clock.wall(), wall);
}

TEST(JumpClock, AJumpEndsASleepWhoseDeadlineItPasses) {
  JumpClock clock;
  const auto deadline = clock.now() + 1h;
  auto sleeper = clock.sleeper();
  const auto other = clock.sleeper();
  std::thread thread([&] { EXPECT_FALSE(sleeper->sleep_until(deadline)); });
  while (!clock.all_asleep(*other)) std::this_thread::yield();
  clock.jump(1min);
  clock.jump(59min);
  thread.join();
  EXPECT_GE(clock.now(), deadline);
}

TEST(JumpClock, AWakeIsUsedUpOnce) {
  JumpClock clock;
  auto sleeper = clock.sleeper();
  sleeper->wake();
  EXPECT_TRUE(sleeper->sleep_until(SteadyTime::max()));
  EXPECT_FALSE(sleeper->sleep_until(SteadyTime::min()));
}

TEST(JumpClock, ALoopSleepsSoundlyUntilTimeJumpsOrItIsWoken) {
  JumpClock clock;
  const auto other = clock.sleeper();
  Loop loop(clock);
  WaitPoint place(loop);
  const auto wait = [](WaitPoint& at, SteadyTime until) -> Task<> { co_await at.until(until); };
  loop.start(wait(place, clock.now() + 1h));
  loop.end();
  std::thread thread([&] { loop.run(); });
  while (!clock.all_asleep(*other)) std::this_thread::yield();
  clock.jump(59min);
  while (!clock.all_asleep(*other)) std::this_thread::yield();
  clock.jump(1min);
  thread.join();
}

}  // namespace
}  // namespace fallbackmx
