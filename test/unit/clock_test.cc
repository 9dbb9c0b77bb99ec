#include "probe/base/clock.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <thread>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// Both kinds keep the same promises.
class SystemSleeper : public testing::TestWithParam<bool> {
 protected:
  SystemClock clock_;
  std::unique_ptr<Sleeper> sleeper_ = GetParam() ? clock_.sleeper_for_poll() : clock_.sleeper();
};
INSTANTIATE_TEST_SUITE_P(Kinds, SystemSleeper, testing::Bool(), [](const auto& kind) {
  return std::string(kind.param ? "for_poll" : "without_descriptor");
});

TEST_P(SystemSleeper, SeveralWakesAheadEndTheNextSleepAndNoOther) {
  sleeper_->wake();
  sleeper_->wake();
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::max()));
  EXPECT_FALSE(sleeper_->sleep_until(clock_.now() + 1ms));
}

TEST_P(SystemSleeper, AWakeFromAnotherThreadEndsTheSleep) {
  std::thread other([this] { sleeper_->wake(); });
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::max()));
  other.join();
}

TEST_P(SystemSleeper, ADeadlineThatHasPassedIsNoSleepAndUsesAWakeUp) {
  EXPECT_FALSE(sleeper_->sleep_until(SteadyTime::min()));
  sleeper_->wake();
  EXPECT_TRUE(sleeper_->sleep_until(SteadyTime::min()));
  EXPECT_FALSE(sleeper_->sleep_until(SteadyTime::min()));
}

TEST_P(SystemSleeper, ShowsPollWhatItIsThereFor) {
  pollfd readable{.fd = sleeper_->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(readable.fd >= 0, GetParam());
  sleeper_->wake();
  EXPECT_EQ(poll(&readable, 1, 0), GetParam() ? 1 : 0);
}

}  // namespace
}  // namespace fallbackmx
