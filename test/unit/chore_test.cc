#include "milter/chore.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// Work that waits until it may end.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait_until_begun(int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 1min, [&] { return begun_ >= times; });
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int begun_ = 0;
};

TEST(Chore, IsDoneOnceMoreForAllWhoAskedMeanwhile) {
  Gate gate;
  Chore chore([&] { gate.pass(); });
  chore.ask();
  ASSERT_TRUE(gate.wait_until_begun(1));
  for (int i = 0; i < 5; ++i) chore.ask();
  gate.open();
  ASSERT_TRUE(gate.wait_until_begun(2));
  EXPECT_TRUE(chore.rest(1min));
  EXPECT_EQ(gate.begun(), 2);
}

TEST(Chore, ThatHangsIsLeftBehind) {
  const auto gate = std::make_shared<Gate>();
  {
    Chore chore([gate] { gate->pass(); });
    chore.ask();
    ASSERT_TRUE(gate->wait_until_begun(1));
    EXPECT_FALSE(chore.rest(1ms));
  }
  gate->open();
}

TEST(Chore, WithinALimitOrNot) {
  EXPECT_TRUE(done_within(1min, [] {}));
  const auto gate = std::make_shared<Gate>();
  EXPECT_FALSE(done_within(1ms, [gate] { gate->pass(); }));
  gate->open();
}

}  // namespace
}  // namespace fallbackmx
