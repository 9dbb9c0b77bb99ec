#include "milter/libmilter/admission.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace fallbackmx {
namespace {

/// What libmilter and httplib do about each error: at EMFILE they try again, and the rest ends one of them.
TEST(Admission, TroubleThatPassesIsEmfileAndASocketThatIsGoneIsNot) {
  EXPECT_EQ(::accept(-1, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EBADF);
  const int deaf = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(::accept(deaf, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EINVAL) << "it does not listen";
  close(deaf);
  const int nobody_there = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr name{};
  name.sa_family = AF_UNIX;
  ASSERT_EQ(bind(nobody_there, &name, sizeof name.sa_family), 0);
  ASSERT_EQ(listen(nobody_there, 1), 0);
  EXPECT_EQ(::accept(nobody_there, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EMFILE) << "he who was there has gone again";
  close(nobody_there);
}

}  // namespace
}  // namespace fallbackmx
