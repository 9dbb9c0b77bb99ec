#include "probe/base/clock.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class SystemSleeper : public testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<Sleeper> sleeper_ = clock_.sleeper();
};

TEST_F(SystemSleeper, SeveralWakesAheadEndTheNextSleepAndNoOther) {
  sleeper_->wake();
  sleeper_->wake();
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::max()));
  EXPECT_FALSE(sleeper_->sleep_until(clock_.now() + 1ms));
}

TEST_F(SystemSleeper, AWakeFromAnotherThreadEndsTheSleep) {
  std::thread other([this] { sleeper_->wake(); });
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::max()));
  other.join();
}

TEST_F(SystemSleeper, ADeadlineThatHasPassedIsNoSleepAndUsesAWakeUp) {
  EXPECT_FALSE(sleeper_->sleep_until(SteadyTime::min()));
  sleeper_->wake();
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::min()));
  EXPECT_FALSE(sleeper_->sleep_until(SteadyTime::min()));
}

}  // namespace
}  // namespace fallbackmx
