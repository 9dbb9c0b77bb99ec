// A service manager that opens the milter socket, and hands it over.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

class Activation : public WithDaemon {
 protected:
  Activation() : manager_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const std::string path = directory_.path("sock");
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    EXPECT_EQ(bind(manager_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
  ~Activation() override { close(manager_); }

  void start_with_socket() {
    daemon_.emplace(directory_, std::vector<std::string>{}, manager_);
    ASSERT_TRUE(daemon_->hears("READY=1")) << daemon_->log();
  }

  const int manager_;
};

TEST_F(Activation, TheSocketThatIsHandedOverIsServedWhateverTheConfigurationSays) {
  ASSERT_EQ(listen(manager_, 5), 0);
  configure("milter_socket = unix:" + directory_.path("other") + "\n");
  start_with_socket();
  EXPECT_EQ(session().mail("<s@example.net>").told(), "continue");
  EXPECT_TRUE(logged("smtpd_milters = { unix:" + daemon_->socket() + ",")) << daemon_->log();
  EXPECT_TRUE(daemon_->hears("WATCHDOG=1"));
  EXPECT_FALSE(logged("another process listens")) << daemon_->log();
}

TEST_F(Activation, WhoConnectsBetweenTwoDaemonsIsServedByTheSecond) {
  ASSERT_EQ(listen(manager_, 5), 0);
  configure();
  start_with_socket();
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  MilterClient early(directory_.path("sock"));
  start_with_socket();
  EXPECT_TRUE(early.negotiate());
  EXPECT_EQ(early.connect().told(), "continue");
}

TEST_F(Activation, ASocketThatDoesNotListenIsRefused) {
  configure();
  daemon_.emplace(directory_, std::vector<std::string>{}, manager_);
  EXPECT_EQ(daemon_->wait(), 73);
  EXPECT_TRUE(logged("no stream socket that listens")) << daemon_->log();
}

}  // namespace
}  // namespace fallbackmx
