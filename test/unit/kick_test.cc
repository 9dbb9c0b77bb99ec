#include "milter/libmilter/kick.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/listening.h"

namespace fallbackmx {
namespace {

class Kicks : public ::testing::Test {
 protected:
  SocketPlace place_;
  const SocketAddress& address_ = place_.address();
  int errors_ = 0;
  Log log_{[this](LogLevel level, std::string_view) { errors_ += level == LogLevel::error ? 1 : 0; }};
};

TEST_F(Kicks, AreConnectionsToOurOwnSocket) {
  Listening listening(address_);
  Kick kick(address_, log_);
  kick.now();
  EXPECT_EQ(listening.waiting(), 1);
  for (int i = 0; i < 100; ++i) kick.now();  // a full queue is no trouble
  EXPECT_EQ(errors_, 0);
}

TEST_F(Kicks, AreNoTroubleWhenNobodyListens) {
  Kick kick(address_, log_);
  kick.now();
  EXPECT_EQ(errors_, 0);
}

TEST_F(Kicks, LeaveAnotherProcessAlone) {
  int ready[2], done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t other = fork();
  if (other == 0) {
    Listening listening(address_);
    char byte = 0;
    if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1) _exit(1);
    _exit(listening.waiting());
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  Kick kick(address_, log_);
  for (int i = 0; i < 4; ++i) kick.now();
  EXPECT_EQ(errors_, 1);
  ASSERT_EQ(write(done[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 1);  // the one that found out
  for (const int each : {ready[0], ready[1], done[0], done[1]}) close(each);
}

}  // namespace
}  // namespace fallbackmx
