// Promise 10: one blocked RCPT never delays another client's.

#include <gtest/gtest.h>

#include <csignal>

#include "test/daemon/held_primary.h"
#include "test/daemon/process.h"
#include "test/fake/milter_client.h"

namespace fallbackmx {
namespace {

/// Without the cure (see kick.h) this fails: some quick commands stand behind a blocked one and are answered
/// only when it is. No time is measured: the primary answers nobody before the last quick answer has come.
TEST(LostWakeup, QuickAnswersComeWhileOthersWaitForThePrimary) {
  constexpr int rounds = 10, blocked_sessions = 30, quick_sessions = 30;
  const Directory directory;
  directory.write("milter.conf",
                  usual_configuration(directory, "answer_timeout = 600s\nsmtp_helo_timeout = 600s\n"));
  for (int round = 0; round < rounds; ++round) {
    DaemonProcess daemon(directory);  // a new one each time: it has few workers yet
    ASSERT_TRUE(daemon.hears("READY=1")) << daemon.log();
    HeldPrimary primary(true);
    const Macros relayed = {
        {"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary.next_hop()}};
    const Macros local = {{"j", "mta.example"}, {"{rcpt_mailer}", "local"}};
    std::vector<MilterClient> sessions;
    const bool patient = round % 2 == 0;
    const std::string told = patient ? "continue" : "not awaited";
    for (int i = 0; i < blocked_sessions + quick_sessions; ++i) {
      MilterClient& client = sessions.emplace_back(daemon.socket());
      ASSERT_TRUE(client.negotiate(0x1ff, patient ? MilterClient::patient : MilterClient::every_option));
      ASSERT_EQ(client.connect().told(), told);
      ASSERT_EQ(client.mail("<s@example.net>").told(), told);
    }
    const auto blocks = [](int i) { return i % 2 == 0; };
    // The daemon is stopped while they are sent, so that it finds them all at the same moment.
    daemon.signal(SIGSTOP);
    for (int i = 0; i < blocked_sessions + quick_sessions; ++i) {
      const std::string recipient = "<user" + std::to_string(i) + "@example.org>";
      sessions[static_cast<std::size_t>(i)].send_rcpt(recipient, blocks(i) ? relayed : local);
    }
    daemon.signal(SIGCONT);
    for (int i = 0; i < blocked_sessions + quick_sessions; ++i) {
      if (blocks(i)) continue;
      ASSERT_EQ(sessions[static_cast<std::size_t>(i)].answer().told(), "continue") << "session " << i;
    }
    primary.release();
    for (int i = 0; i < blocked_sessions + quick_sessions; ++i) {
      if (!blocks(i)) continue;
      EXPECT_EQ(sessions[static_cast<std::size_t>(i)].answer().told(), "continue") << "session " << i;
    }
  }
}

}  // namespace
}  // namespace fallbackmx
