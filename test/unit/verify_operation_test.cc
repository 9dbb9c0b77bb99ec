#include "milter/control/verify_operation.h"

#include <gmock/gmock.h>

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;

class VerifyOperation : public ::testing::Test {
 protected:
  VerifyOperation() { settings_.smtpd_sender_restrictions = {}; }

  ControlReply ask(Json arguments) {
    return verify_operation({.verb = Verb::verify, .arguments = std::move(arguments)}, settings_, clock_,
                            [this](const Question& question) {
                              asked_ = question;
                              return finding_;
                            });
  }

  SystemClock clock_;
  Settings settings_ = default_settings();
  Finding finding_{.verdict = Verdict::undeliverable,
                   .source = Source::probe,
                   .stage = Stage::rcpt,
                   .primary = "mx1.example.org[192.0.2.1]:25",
                   .code = 550,
                   .dsn = "5.1.1",
                   .words = "User unknown",
                   .why = "mx1.example.org[192.0.2.1]:25 said 550 5.1.1 User unknown"};
  std::optional<Question> asked_;
};

TEST_F(VerifyOperation, AnUnknownUserIsStatus67WithWhatAClientWouldHear) {
  const auto reply = ask({{"address", "user@example.org"}});
  EXPECT_EQ(reply.exit, 67);
  EXPECT_EQ(reply.result["verdict"], "undeliverable");
  EXPECT_EQ(reply.result["source"], "probe");
  EXPECT_EQ(reply.result["words"], "User unknown");
  EXPECT_EQ(
      json_line(reply.result["client_hears"]),
      R"({"action":"reject","code":550,"dsn":"5.1.1","text":"<user@example.org>: Recipient address rejected: )"
      R"(undeliverable address: host said: 550 5.1.1 User unknown","unverified":false,"log_only":false})");
}

TEST_F(VerifyOperation, EachVerdictHasItsStatus) {
  struct Case {
    Verdict verdict;
    int exit;
    const char* action;
  };
  for (const auto& c : {Case{Verdict::deliverable, 0, "accept"}, Case{Verdict::undeliverable, 67, "reject"},
                        Case{Verdict::deferred, 75, "defer"}, Case{Verdict::refused, 75, "defer"},
                        Case{Verdict::unavailable, 75, "accept"}, Case{Verdict::misrouted, 75, "defer"},
                        Case{Verdict::late, 75, "defer"}}) {
    finding_ = {.verdict = c.verdict};
    const auto reply = ask({{"address", "user@example.org"}});
    EXPECT_EQ(reply.exit, c.exit) << to_string(c.verdict);
    EXPECT_EQ(reply.result["client_hears"]["action"], c.action) << to_string(c.verdict);
  }
}

TEST_F(VerifyOperation, TheQuestionIsTheOneOfAClient) {
  ask({{"address", "<User@Example.org>"}});
  ASSERT_TRUE(asked_);
  EXPECT_EQ(asked_->recipient.mailbox(), "User@example.org");
  EXPECT_EQ(asked_->of, Question::Of::anybody);
  ask({{"address", "user@example.org"}, {"fresh", true}, {"next-hop", "[192.0.2.9]"}});
  EXPECT_EQ(asked_->of, Question::Of::primary);
  EXPECT_EQ(asked_->next_hop, "[192.0.2.9]");
}

TEST_F(VerifyOperation, WhoIsNotVerifiedIsAskedAboutNowhere) {
  settings_.relay_domains = *DomainList::parse("example.net");
  const auto reply = ask({{"address", "user@example.org"}});
  EXPECT_EQ(reply.exit, 75);
  EXPECT_EQ(reply.result["verdict"], "not-asked");
  EXPECT_NE(reply.result["why"].get<std::string>().find("relay_domains"), std::string::npos);
  EXPECT_EQ(reply.result["client_hears"]["action"], "accept");
  EXPECT_FALSE(asked_);
}

TEST_F(VerifyOperation, WhatIsNoAddressIsStatus64) {
  for (const char* address : {"", "<>", "a b@example.org", "user"}) {
    EXPECT_EQ(ask({{"address", address}}).exit, 64) << address;
    EXPECT_FALSE(asked_);
  }
}

}  // namespace
}  // namespace fallbackmx
