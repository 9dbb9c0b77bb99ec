// What an MTA hears from the real program, over the real socket.

#include <gtest/gtest.h>

#include "test/daemon/held_primary.h"
#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

class Answers : public WithDaemon {
 protected:
  void start(const std::string& more = {}) {
    configure(more);
    WithDaemon::start();
  }

  Macros relayed(const std::string& queue_id = {}) const {
    Macros macros = {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary_.next_hop()}};
    if (!queue_id.empty()) macros.emplace_back("i", queue_id);
    return macros;
  }

  HeldPrimary primary_{false};
};

constexpr auto refused =
    "550 5.1.1 <nobody@example.org>: Recipient address rejected: undeliverable address: host said: 550 5.1.1 "
    "No such "
    "user";

TEST_F(Answers, NegotiationAsksForNothingThatWasNotOffered) {
  start();
  struct Case {
    std::uint32_t actions, protocol, want_actions, want_protocol;
    std::size_t want_macros;
  };
  // NOBODY, NOHDRS, NOEOH, NOUNKNOWN, NODATA, and no answer to CONN, HELO, MAIL; SETSYMLIST.
  for (const auto& c : {Case{0x1ff, 0x1fffff, 0x100, 0x7370, 5}, Case{0x0ff, 0x1fffff, 0, 0x7370, 0},
                        Case{0x1ff, 0x004fff, 0x100, 0x4370, 5}, Case{0x1ff, 0x000fff, 0x100, 0x0370, 5},
                        Case{0x1ff, 0x000010, 0x100, 0x010, 5}, Case{0, 0x001, 0, 0, 0}}) {
    MilterClient client(daemon_->socket());
    const auto options = client.negotiate(c.actions, c.protocol);
    ASSERT_TRUE(options);
    EXPECT_EQ(options->actions, c.want_actions);
    EXPECT_EQ(options->protocol, c.want_protocol);
    EXPECT_EQ(options->macros.size(), c.want_macros);
    for (const auto& [stage, names] : options->macros) EXPECT_EQ(names.substr(0, 1), "j") << stage;
  }
}

TEST_F(Answers, AnMtaThatCanGoOnWaitsForRecipientsOnly) {
  start();
  MilterClient client(daemon_->socket());
  ASSERT_TRUE(client.negotiate(0x1ff, MilterClient::every_option));
  EXPECT_EQ(client.connect().told(), "not awaited");
  EXPECT_EQ(client.helo().told(), "not awaited");
  for (int message = 0; message < 2; ++message) {
    EXPECT_EQ(client.mail("<s@example.net>").told(), "not awaited");
    // One answer too many, and these would hear each other's.
    EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(), refused);
    EXPECT_EQ(client.rcpt("<user@example.org>", relayed()).told(), "continue");
    EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(), refused);
    client.abort();
  }
}

TEST_F(Answers, EachRecipientHearsItsOwn) {
  start();
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed()).told(), "continue");
  EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(), refused);
  EXPECT_EQ(client.rcpt("<second@example.org>", relayed()).told(), "continue");
  EXPECT_EQ(
      client.rcpt("<local@fallback.example>", {{"j", "mta.example"}, {"{rcpt_mailer}", "local"}}).told(),
      "continue");
  EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(), refused);
  EXPECT_EQ(client.end_of_message().told(), "continue");
}

TEST_F(Answers, AReplyIsNotShownAgainToTheNext) {
  start("smtpd_sender_restrictions = permit_sasl_authenticated, reject\nreject_code = 554\n");
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(),
            "554 5.7.1 <s@example.net>: Sender address rejected: Access denied");
  ASSERT_EQ(client.mail("<t@example.net>", {{"j", "mta.example"}, {"{auth_authen}", "joe"}}).told(),
            "continue");
  EXPECT_EQ(client.rcpt("<nobody@example.org>", relayed()).told(), refused);
}

TEST_F(Answers, MessagesOfASessionDoNotMix) {
  start("smtpd_sender_restrictions = permit_sasl_authenticated, reject\nsmtpd_recipient_restrictions =\n");
  auto client = session();
  const Macros joe = {
      {"j", "mta.example"}, {"i", "FIRST"}, {"{auth_authen}", "joe"}, {"{auth_type}", "PLAIN"}};
  ASSERT_EQ(client.mail("<s@example.net>", joe).told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed("FIRST")).told(), "continue");
  EXPECT_EQ(client.end_of_message().told(), "continue");
  // Nobody is authenticated now, and there is no queue id yet.
  ASSERT_EQ(client.mail("<t@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed()).told(),
            "554 5.7.1 <t@example.net>: Sender address rejected: Access denied");
  EXPECT_TRUE(logged("NOQUEUE: sid=")) << daemon_->log();
  EXPECT_FALSE(logged("FIRST: sid=")) << daemon_->log();
  // ANONYMOUS is no authentication.
  const Macros nobody = {{"j", "mta.example"}, {"{auth_authen}", "x"}, {"{auth_type}", "ANONYMOUS"}};
  client.abort();
  ASSERT_EQ(client.mail("<u@example.net>", nobody).told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed()).told(),
            "554 5.7.1 <u@example.net>: Sender address rejected: Access denied");
}

TEST_F(Answers, TheLogHasALineForEachVerdictAndNoneForKicks) {
  start();
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  client.rcpt("<nobody@example.org>", relayed("ABC123"));
  const std::string log = daemon_->log();
  const auto line = log.find("ABC123: sid=");
  ASSERT_NE(line, std::string::npos) << log;
  for (const std::string_view part :
       {"rcpt=<nobody@example.org>", "from=<s@example.net>", "client=client.example.net[198.51.100.7]",
        "action=reject", "verdict=undeliverable", "source=probe", "primary=127.0.0.1[127.0.0.1]:",
        "stage=rcpt", "tls=none", "code=550", "dsn=5.1.1", "delay=", "reply=\"No such user\""}) {
    EXPECT_NE(log.find(part, line), std::string::npos) << part << " in\n" << log;
  }
  EXPECT_EQ(log.find("sid=", line + 12), std::string::npos) << log;
}

TEST_F(Answers, UnverifiedMailIsMarkedWhenAskedFor) {
  start("unverified_header = yes\nprimary_undecided_action = permit\n");
  const Macros nowhere = {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", "[127.0.0.1]:1"}};
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", nowhere).told(), "continue");
  const MilterAnswer header = client.end_of_message();
  EXPECT_EQ(header.letter, 'h');
  EXPECT_NE(header.text.find("X-Fallbackmx-Unverified"), std::string::npos) << header.text;
  EXPECT_EQ(client.answer().told(), "continue");
  EXPECT_TRUE(logged("unverified=yes"));
  // The next message is not.
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed()).told(), "continue");
  EXPECT_EQ(client.end_of_message().told(), "continue");
}

TEST_F(Answers, StrangeSessionsAreAnsweredLikeOthers) {
  start("smtpd_helo_restrictions = permit_mynetworks\n");
  MilterClient gone(daemon_->socket());
  gone.negotiate();
  EXPECT_EQ(gone.connect_unknown().told(), "continue");
  EXPECT_EQ(gone.mail("<>").told(), "continue");
  EXPECT_EQ(gone.rcpt("<nobody@example.org>", relayed()).told(), refused);

  MilterClient v6(daemon_->socket());
  v6.negotiate();
  EXPECT_EQ(v6.connect("[2001:db8::7]", "2001:db8::7").told(), "continue");
  EXPECT_EQ(v6.helo("").told(), "continue");
  EXPECT_EQ(v6.mail("s@example.net").told(), "continue");
  EXPECT_EQ(v6.rcpt("nobody@example.org", relayed()).told(), refused);
  EXPECT_TRUE(logged("client=unknown[2001:db8::7]")) << daemon_->log();

  auto odd = session();
  EXPECT_EQ(odd.mail("<a@b@@c>").told(), "continue");
  EXPECT_EQ(odd.rcpt("<x y@@example.org>", relayed()).told(), "continue") << "its next hop is fixed";
  EXPECT_TRUE(logged("unreadable=yes")) << daemon_->log();
}

// Nobody comes past verification with an address that only the MTA understands.
TEST_F(Answers, WhatCannotBeAskedAboutIsNotPassedOver) {
  start("relay_domains = example.org\n");
  const Macros by_mx = {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", "example.org"}};
  const std::string later = "450 4.1.1 ";
  struct Case {
    const char* name;
    std::string recipient;
    bool verified;
  };
  const Case cases[] = {
      {"a local part of 257 bytes", "<" + std::string(257, 'x') + "@example.org>", true},
      {"a byte that is not UTF-8", "<j\xfcrgen@example.org>", true},
      {"two @", "<x@@example.org>", true},
      {"the domain in capitals", "<j\xfcrgen@EXAMPLE.ORG>", true},
      {"a sub-domain", "<j\xfcrgen@mail.example.org>", true},
      {"a quote without an end", "<\"x@example.org>", true},
      {"a byte that is not UTF-8 in the domain", "<x@ex\xfcmple.org>", true},
      {"too long to be an address", "<" + std::string(1100, 'x') + "@example.org>", true},
      {"another domain", "<j\xfcrgen@example.com>", false},
  };
  auto client = session();
  for (const auto& c : cases) {
    ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
    const std::size_t before = daemon_->log().size();
    const std::string told = client.rcpt(c.recipient, by_mx).told();
    EXPECT_EQ(told.substr(0, later.size()), c.verified ? later : "continue") << c.name;
    const std::string line = daemon_->log(before);
    EXPECT_NE(line.find(c.verified ? "verdict=refused" : "verdict=not-asked"), std::string::npos)
        << c.name << line;
    EXPECT_NE(line.find("unreadable=yes"), std::string::npos) << c.name << line;
    client.abort();
  }
  // Delivered by the MTA itself, it is the MTA's to know.
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<j\xfcrgen@example.org>", {{"j", "mta.example"}, {"{rcpt_mailer}", "local"}}).told(),
            "continue");
}

TEST_F(Answers, ADomainThatIsNotAskedAboutIsNamedOnce) {
  start("relay_domains = example.com\n");
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  for (const auto* user : {"<a@example.org>", "<b@example.org>"})
    EXPECT_EQ(client.rcpt(user, relayed()).told(), "continue");
  const std::string log = daemon_->log();
  const auto warned = log.find("not-asked domain=example.org mailer=relay");
  EXPECT_NE(warned, std::string::npos) << log;
  EXPECT_EQ(log.find("not-asked domain=", warned + 1), std::string::npos) << log;
  EXPECT_NE(log.find("rcpt=<b@example.org>"), std::string::npos) << log;
}

/// Promise 7 at this door: what a client writes comes back harmless.
TEST_F(Answers, PercentSignsAndControlBytesComeBackHarmless) {
  start("smtpd_recipient_restrictions = reject\n");
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  const std::string text = client.rcpt("<100%s%n\x01\xc3\xa9@example.org>", relayed()).told();
  // libmilter's reply goes through a format in Sendmail and loses lone % in Postfix: each is doubled.
  EXPECT_EQ(text, "554 5.7.1 <100%%s%%n ??@example.org>: Recipient address rejected: Access denied");
}

}  // namespace
}  // namespace fallbackmx
