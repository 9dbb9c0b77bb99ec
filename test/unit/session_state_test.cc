#include "milter/session_state.h"

#include <gtest/gtest.h>

#include <set>

namespace fallbackmx {
namespace {

TEST(SessionState, IdsAreShortHexadecimalAndDifferent) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(next_session_id());
  EXPECT_EQ(ids.size(), 1000u);
  for (const auto& id : ids) {
    EXPECT_EQ(id.size(), 6u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  }
}

TEST(SessionState, EnvelopesShowAddressesAsTheClientGaveThem) {
  struct Case {
    std::string_view argument, shown, mailbox;
  };
  const Case cases[] = {
      {"<User@Example.ORG>", "User@Example.ORG", "User@example.org"},
      {"User@Example.ORG", "User@Example.ORG", "User@example.org"},
      {"<@relay.example:user@example.org>", "user@example.org", "user@example.org"},
      {"<postmaster>", "postmaster", "postmaster"},
      {"<\"a b\"@example.org>", "\"a b\"@example.org", "\"a b\"@example.org"},
      {"<a@b@@c>", "a@b@@c", ""},
      {"", "", ""},
      {"<", "<", ""},
  };
  for (const auto& c : cases) {
    const Envelope envelope = envelope_of(SessionState("1"), c.argument, "relay", "[mx1.example.org]");
    EXPECT_EQ(envelope.recipient_given, c.shown) << c.argument;
    EXPECT_EQ(envelope.recipient.null() ? "" : envelope.recipient.mailbox(), c.mailbox) << c.argument;
    EXPECT_EQ(envelope.mailer, "relay");
    EXPECT_EQ(envelope.next_hop, "[mx1.example.org]");
  }
}

TEST(SessionState, AMessageBeginsWithNothingOfTheOneBefore) {
  SessionState session("1");
  begin_message(session, "<s@example.net>");
  session.message.queue_id = "FIRST";
  session.message.sender_mailer = "local";
  session.message.unverified = 2;
  session.client.helo = "mail.example.net";
  begin_message(session, "<>");
  EXPECT_TRUE(session.message.sender.null());
  EXPECT_EQ(session.message.sender_given, "");
  EXPECT_EQ(session.message.queue_id, "");
  EXPECT_EQ(session.message.sender_mailer, "");
  EXPECT_EQ(session.message.unverified, 0u);
  EXPECT_EQ(session.client.helo, "mail.example.net");
}

TEST(SessionState, AClientWithoutAValidatedNameIsUnknown) {
  EXPECT_EQ(client_name("mail.example.net"), "mail.example.net");
  EXPECT_EQ(client_name("unknown"), "unknown");
  EXPECT_EQ(client_name("[192.0.2.1]"), "unknown");
  EXPECT_EQ(client_name(""), "unknown");
}

TEST(SessionState, AProgramThatTalksToSendmailThroughAPipeComesFromThisMachine) {
  const IpAddress here = boost::asio::ip::make_address("127.0.0.1");
  const IpAddress there = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(client_address("localhost", std::nullopt), here);
  EXPECT_EQ(client_address("localhost", there), there);
  EXPECT_EQ(client_address("unknown", std::nullopt), std::nullopt);
  EXPECT_EQ(client_address("mail.example.net", std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace fallbackmx
