#include "probe/base/patient_mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fallbackmx {
namespace {

TEST(PatientMutex, WhoComesTooLateLeavesWithoutIt) {
  PatientMutex mutex;
  ASSERT_TRUE(mutex.try_lock());
  std::thread other([&] {
    EXPECT_FALSE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock_until(std::chrono::steady_clock::now()));
    EXPECT_FALSE(mutex.try_lock_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(1)));
  });
  other.join();
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(PatientMutex, ManyTakeTurns) {
  PatientMutex mutex;
  int count = 0;  // guarded by mutex
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        const std::unique_lock lock(mutex, SteadyTime::max());
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 4000);
}

}  // namespace
}  // namespace fallbackmx
