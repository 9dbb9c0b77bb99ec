#include "test/fake/jump_clock.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

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

TEST(JumpClock, TheDescriptorIsReadableWhileAWakeIsPending) {
  JumpClock clock;
  auto sleeper = clock.sleeper();
  pollfd pending{sleeper->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&pending, 1, 0), 0);
  sleeper->wake();
  EXPECT_EQ(poll(&pending, 1, 0), 1);
  EXPECT_TRUE(sleeper->sleep_until(SteadyTime::min()));
  EXPECT_EQ(poll(&pending, 1, 0), 0);
}

}  // namespace
}  // namespace fallbackmx
