#include "milter/pages/readers.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace fallbackmx {
namespace {

TEST(Readers, WhoWasTakenIsServedBeforeTheEnd) {
  std::atomic<int> served = 0;
  {
    Readers readers(2);
    for (int i = 0; i < 100; ++i) readers.take({-1, [&] { ++served; }});
  }
  EXPECT_EQ(served, 100);
}

TEST(Readers, AConnectionThatNobodyCanServeIsClosed) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Readers readers(1);
  readers.take({ends[1], [] { throw std::bad_alloc(); }});
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "the other end sees it";
  std::atomic<bool> served = false;
  readers.take({-1, [&] { served = true; }});
  readers.end();
  EXPECT_TRUE(served) << "and its thread goes on";
  close(ends[0]);
}

}  // namespace
}  // namespace fallbackmx
