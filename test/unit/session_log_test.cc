#include "milter/session/session_log.h"

#include <gtest/gtest.h>

#include <string>

namespace fallbackmx {
namespace {

class SessionLogs : public ::testing::Test {
 protected:
  SessionLogs() {
    session_.client.name = "h.example.net";
    session_.client.address = boost::asio::ip::make_address("192.0.2.9");
    begin_message(session_, "<s@example.net>");
    session_.message.queue_id = "4XyZ";
    session_.message.accepted = 2;
  }

  std::string logged_;
  Log log_{[this](LogLevel level, std::string_view line) {
             logged_ = std::string(to_string(level)) + " " + std::string(line);
           },
           LogLevel::debug};
  SessionLog sessions_{log_};
  SessionState session_{"7f3a01"};
};

TEST_F(SessionLogs, ConnectAndCloseBearTheSessionsId) {
  sessions_.connected(session_);
  EXPECT_EQ(logged_, "debug connect: sid=7f3a01 client=h.example.net[192.0.2.9]");
  sessions_.closed(session_);
  EXPECT_EQ(logged_, "debug close: sid=7f3a01 client=h.example.net[192.0.2.9]");
}

TEST_F(SessionLogs, TheQueueIdLeadsToTheVerdicts) {
  session_.message.unverified = 1;
  sessions_.message_ended(session_);
  EXPECT_EQ(
      logged_,
      "info 4XyZ: sid=7f3a01 from=<s@example.net> client=h.example.net[192.0.2.9] accepted=2 unverified=1");
}

TEST_F(SessionLogs, MailThatWasVerifiedIsWorthALineOfDebugOnly) {
  sessions_.message_ended(session_);
  EXPECT_TRUE(logged_.starts_with("debug 4XyZ: ")) << logged_;
}

}  // namespace
}  // namespace fallbackmx
