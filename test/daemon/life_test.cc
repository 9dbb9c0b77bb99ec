// Start, reload, stop, and what must not end it.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "test/daemon/held_primary.h"
#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

constexpr auto denied = "554 5.7.1 <user@example.org>: Recipient address rejected: Access denied";

Macros local() { return {{"j", "mta.example"}, {"{rcpt_mailer}", "local"}}; }

class Life : public WithDaemon {
 protected:
  /// In the middle of a message.
  MilterClient session() {
    auto client = WithDaemon::session();
    EXPECT_EQ(client.mail("<s@example.net>").told(), "continue");
    return client;
  }

  bool exists(const std::string& path) {
    struct stat found {};
    return lstat(path.c_str(), &found) == 0;
  }
};

// As in a container; on a machine with /dev/log nothing is shown here.
TEST_F(Life, WithoutASyslogTheLogGoesToStandardError) {
  if (!exists("/dev/log")) {
    configure("log_target = syslog\n");
    start();
    EXPECT_TRUE(logged("no syslog (/dev/log: ")) << daemon_->log();
    EXPECT_TRUE(logged("listens on unix:")) << daemon_->log();
  }
}

TEST_F(Life, AStopLeavesStatusZeroAndNoSocket) {
  configure("milter_socket_mode = 0620\n");
  for (const int number : {SIGTERM, SIGINT}) {
    start();
    struct stat made {};
    ASSERT_EQ(lstat(daemon_->socket().c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 0777, 0620u);
    auto idle = session();
    daemon_->signal(number);
    EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
    EXPECT_FALSE(exists(daemon_->socket()));
  }
}

TEST_F(Life, TheStartTellsTheLineForMainCf) {
  configure();
  start();
  EXPECT_TRUE(logged("smtpd_milters = { unix:" + daemon_->socket() +
                     ", default_action=tempfail, connect_timeout=5s, command_timeout=30s }"));
}

TEST_F(Life, TheWatchdogHearsThatTheMilterSocketAnswers) {
  configure();
  start();
  EXPECT_TRUE(daemon_->hears("WATCHDOG=1"));
}

TEST_F(Life, AServiceManagerThatDoesNotReadHoldsNobodyUp) {
  configure();
  start();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  directory_.path("notify").copy(name.sun_path, sizeof name.sun_path - 1);
  const int full = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  while (sendto(full, "x", 1, 0, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 1) {
  }
  EXPECT_EQ(run({"reload"}).status, 0);
  EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0);
  close(full);
}

TEST_F(Life, ASecondInstanceIsRefusedAndTheFirstGoesOn) {
  configure();
  start();
  const Directory elsewhere;
  elsewhere.write("milter.conf", directory_.read("milter.conf"));
  const Ended second = run_program(elsewhere, {"-c", elsewhere.path("milter.conf")});
  EXPECT_EQ(second.status, 73);
  EXPECT_NE(second.output.find("already listens on " + daemon_->socket()), std::string::npos)
      << second.output;
  EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
}

TEST_F(Life, TheSocketOfADaemonThatWasKilledIsTakenOver) {
  configure();
  start();
  daemon_->signal(SIGKILL);
  EXPECT_EQ(daemon_->wait(), 128 + SIGKILL);
  ASSERT_TRUE(exists(daemon_->socket()));
  start();
  EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
}

TEST_F(Life, WhatIsNoSocketIsNotRemoved) {
  configure();
  directory_.write("sock", "precious");
  const Ended refused = run_program(directory_, {"-c", directory_.path("milter.conf")});
  EXPECT_EQ(refused.status, 73);
  EXPECT_EQ(directory_.read("sock"), "precious");
}

TEST_F(Life, ASocketThatCannotBeMadeIsStatus73) {
  configure("milter_socket = unix:" + directory_.path("nowhere/sock") + "\n");
  EXPECT_EQ(run_program(directory_, {"-c", directory_.path("milter.conf")}).status, 73);
}

TEST_F(Life, AWrongConfigurationIsStatus78WithAllFaultsAndNoSocket) {
  configure(
      "answer_timeout = 8 parsecs\nno_such_parameter = 1\nsmtpd_helo_restrictions = no_such_restriction\n");
  const Ended ended = run_program(directory_, {"-c", directory_.path("milter.conf")});
  EXPECT_EQ(ended.status, 78);
  for (const std::string_view fault : {"milter.conf:1:", "milter.conf:2:", "milter.conf:3:"}) {
    EXPECT_NE(ended.output.find(fault), std::string::npos) << fault << " in\n" << ended.output;
  }
  EXPECT_FALSE(exists(directory_.path("sock")));
}

TEST_F(Life, AReloadChangesTheRulesOfSessionsInProgress) {
  for (const int number : {SIGHUP, SIGUSR1}) {
    configure();
    start();
    auto client = session();
    EXPECT_EQ(client.rcpt("<user@example.org>", local()).told(), "continue");
    configure("smtpd_helo_restrictions = reject\nmilter_socket_mode = 0600\n");
    daemon_->signal(number);
    ASSERT_TRUE(daemon_->hears("RELOADING=1"));
    ASSERT_TRUE(daemon_->hears("READY=1"));
    EXPECT_EQ(client.rcpt("<user@example.org>", local()).told(),
              "554 5.7.1 <client.example.net>: Helo command rejected: Access denied");
    EXPECT_TRUE(logged("milter_socket_mode was changed, which takes a restart")) << daemon_->log();
  }
}

TEST_F(Life, AReloadThatFailsLeavesTheOldSettingsInForce) {
  configure();
  start();
  auto client = session();
  configure("smtpd_helo_restrictions = reject\nno_such_parameter = 1\n");
  daemon_->signal(SIGHUP);
  ASSERT_TRUE(daemon_->hears("RELOADING=1"));
  ASSERT_TRUE(daemon_->hears("READY=1"));
  EXPECT_EQ(client.rcpt("<user@example.org>", local()).told(), "continue");
  EXPECT_TRUE(logged("milter.conf:2:")) << daemon_->log();
  EXPECT_TRUE(logged("the old configuration stays in force")) << daemon_->log();
}

/// libmilter ends when its signal thread gets a HUP: it must not want one.
TEST_F(Life, AHangUpForAnyOfItsThreadsEndsNothing) {
  configure();
  start();
  daemon_->signal_each_thread(SIGHUP);
  ASSERT_TRUE(daemon_->hears("READY=1"));  // the main thread had one too
  for (int i = 0; i < 10; ++i) EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
}

TEST_F(Life, AHailOfReloadsUnderLoadLosesNoAnswer) {
  configure("smtpd_recipient_restrictions = reject\n");
  start();
  std::atomic<bool> enough{false};
  std::atomic<int> wrong{0}, right{0};
  std::vector<std::thread> load;
  for (int i = 0; i < 4; ++i) {
    load.emplace_back([&] {
      auto client = session();
      while (!enough && wrong == 0)
        ++(client.rcpt("<user@example.org>", local()).told() == denied ? right : wrong);
    });
  }
  for (int i = 0; i < 2000; ++i) daemon_->signal(i % 2 == 0 ? SIGHUP : SIGUSR1);
  ASSERT_TRUE(daemon_->hears("READY=1"));
  for (const int before = right; right < before + 100 && wrong == 0;) std::this_thread::yield();
  enough = true;
  for (auto& each : load) each.join();
  EXPECT_EQ(wrong, 0);
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
}

TEST_F(Life, AStopAnswersWhoeverWaits) {
  HeldPrimary primary(true);
  configure("answer_timeout = 600s\nsmtp_helo_timeout = 600s\nsmtp_quit_timeout = 1s\n");
  start();
  auto client = session();
  client.send_rcpt("<user@example.org>",
                   {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary.next_hop()}});
  ASSERT_TRUE(primary.wait_for_client());
  daemon_->signal(SIGTERM);
  // A fixed next hop: clients can reach the primary only through us, so what is undecided is permitted.
  EXPECT_EQ(client.answer().told(), "continue");
  primary.release();
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  EXPECT_TRUE(logged("verdict=late")) << daemon_->log();
}

TEST_F(Life, ASecondTermDoesNotWait) {
  // A name server that never answers.
  const FileDescriptor silent = loopback_socket(SOCK_DGRAM);
  const timeval patience{60, 0};
  setsockopt(silent.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  configure("resolver = 127.0.0.1:" + std::to_string(port_of(silent)) +
            "\nanswer_timeout = 600s\nsmtpd_helo_restrictions = reject_unknown_helo_hostname\n");
  start();
  auto client = session();
  client.send_rcpt("<user@example.org>", local());
  char query[512];
  ASSERT_GT(recv(silent.get(), query, sizeof query, 0), 0);  // it waits for DNS now
  daemon_->signal(SIGTERM);
  ASSERT_TRUE(daemon_->hears("STOPPING=1"));
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0);
  EXPECT_EQ(client.answer().told(), "end");
}

TEST_F(Life, HangUpsInEveryPhaseAreSurvived) {
  HeldPrimary primary(true);
  configure("answer_timeout = 1s\n");
  start();
  const Macros relayed = {
      {"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary.next_hop()}};
  for (int phase = 0; phase < 8; ++phase) {
    MilterClient client(daemon_->socket());
    if (phase > 0) client.negotiate();
    if (phase > 1) client.connect();
    if (phase > 2) client.helo();
    if (phase > 3) client.mail("<s@example.net>");
    if (phase > 4) client.rcpt("<user@fallback.example>", local());
    if (phase > 5) client.send_rcpt("<user@example.org>", relayed);  // and waits for the primary
    if (phase > 6) client.quit();
  }
  EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
  primary.release();
}

TEST_F(Life, GarbageAndHalfOpenSessionsAreSurvivedWithoutALine) {
  configure();
  start();
  std::vector<MilterClient> half_open;
  for (int i = 0; i < 50; ++i) half_open.emplace_back(daemon_->socket());
  const std::string before = daemon_->log();
  for (const std::string& rubbish :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100, '\0'), std::string(100, '\xff'),
        std::string("\0\0\0\1Z", 5), std::string("\0\0\0\0", 4), std::string("\0\0\0\5Oabcd", 9),
        std::string("\0\0\0\2C\0", 6), std::string("\0\0\0\2R\0", 6), std::string("\0\0\0", 3)}) {
    MilterClient client(daemon_->socket());
    client.bytes(rubbish);
    client.hang_up();
    MilterClient later(daemon_->socket());
    ASSERT_TRUE(later.negotiate());
    later.bytes(rubbish);
  }
  EXPECT_EQ(session().rcpt("<user@example.org>", local()).told(), "continue");
  EXPECT_EQ(daemon_->log(), before);
}

}  // namespace
}  // namespace fallbackmx
