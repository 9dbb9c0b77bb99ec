#include "milter/kick.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace fallbackmx {
namespace {

/// A listener, in the place of libmilter's.
class Listening {
 public:
  explicit Listening(const SocketAddress& address)
      : descriptor_(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    if (bind(descriptor_, address.get(), address.size) != 0 || listen(descriptor_, 10) != 0)
      throw std::bad_alloc();
  }
  ~Listening() { close(descriptor_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  int waiting() {
    int count = 0;
    for (int client; (client = accept(descriptor_, nullptr, nullptr)) >= 0; ++count) close(client);
    return count;
  }

 private:
  int descriptor_;
};

class Kicks : public ::testing::Test {
 protected:
  Kicks() {
    std::string name = (std::filesystem::temp_directory_path() / "kick.XXXXXX").string();
    directory_ = mkdtemp(name.data());
    address_ = *MilterSocket::parse(directory_ + "/sock")->own_address();
  }
  ~Kicks() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  SocketAddress address_;
  int errors_ = 0;
  Log log_{[this](LogLevel level, std::string_view) { errors_ += level == LogLevel::error ? 1 : 0; }};
};

TEST_F(Kicks, AreTwoConnectionsToOurOwnSocket) {
  Listening listening(address_);
  Kick kick(address_, log_);
  kick.now();
  EXPECT_EQ(listening.waiting(), 2);
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
  EXPECT_LE(WEXITSTATUS(status), 2);  // those that found out
  for (const int each : {ready[0], ready[1], done[0], done[1]}) close(each);
}

}  // namespace
}  // namespace fallbackmx
