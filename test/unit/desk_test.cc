#include "milter/session/desk.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// A desk with a verifier of the test's own.
class Desks : public ::testing::Test {
 protected:
  Desks() {
    Settings settings = default_settings();
    settings.relay_domains = *DomainList::parse("example.org");
    settings.smtpd_sender_restrictions.clear();
    settings.smtpd_recipient_restrictions = {Restriction::reject_unverified_recipient};
    settings_ = std::make_shared<Settings>(settings);
    resolver_.add("example.org A 192.0.2.1");
  }

  Desk& desk() {
    if (!desk_) {
      desk_.emplace(
          DeskServices{clock_, resolver_, log_, metrics_, [this](const Question& q) { return verify_(q); },
                       [this] { ++begun_; }, [this] { ++ended_; }},
          settings_);
    }
    return *desk_;
  }

  Outcome ask(std::string_view sender = "<>") {
    SessionState session("1");
    session.client.address = client_;
    session.client.helo = helo_;
    begin_message(session, sender);
    return desk().answer(session, envelope_of(session, "<u@example.org>", {"smtp", "example.org", ""}));
  }

  Simulation clock_;
  FakeResolver resolver_{clock_};
  std::string logged_;
  Log log_{[this](LogLevel, std::string_view line) { logged_ += line; }};
  std::optional<IpAddress> client_;
  std::optional<std::string> helo_;
  Metrics metrics_;
  std::function<Finding(const Question&)> verify_ = [](const Question&) {
    return Finding{.verdict = Verdict::deliverable};
  };
  std::atomic<int> begun_{0}, ended_{0};  ///< waits
  std::shared_ptr<Settings> settings_;
  std::optional<Desk> desk_;
};

TEST_F(Desks, OneWaitPerRecipientHoweverManyQuestions) {
  settings_->smtpd_recipient_restrictions.insert(settings_->smtpd_recipient_restrictions.begin(),
                                                 Restriction::reject_unknown_recipient_domain);
  verify_ = [&](const Question& question) {
    question.waits();
    EXPECT_EQ(begun_, 1);
    EXPECT_EQ(ended_, 0);
    return Finding{.verdict = Verdict::deliverable};
  };
  EXPECT_EQ(ask().reply.code, 0);
  EXPECT_EQ(begun_, 1);
  EXPECT_EQ(ended_, 1);
}

TEST_F(Desks, AWaitIsAnnouncedWhenTheVerifierSaysSo) {
  verify_ = [&](const Question& question) {
    EXPECT_EQ(begun_, 0);
    question.waits();
    question.waits();
    EXPECT_EQ(begun_, 1);
    return Finding{.verdict = Verdict::deliverable};
  };
  EXPECT_EQ(ask().reply.code, 0);
  EXPECT_EQ(ended_, 1);
}

TEST_F(Desks, NoWaitForAnswersThatAreAtHand) {
  settings_->smtpd_recipient_restrictions.insert(settings_->smtpd_recipient_restrictions.begin(),
                                                 Restriction::reject_unknown_recipient_domain);
  resolver_.keep();
  EXPECT_EQ(ask().reply.code, 0);
  EXPECT_EQ(begun_, 1) << "the name servers are asked";
  EXPECT_EQ(ask().reply.code, 0);
  desk().drain();
  EXPECT_EQ(ask().reply.code, 0) << "nobody waits, and so nobody is sent away";
  EXPECT_EQ(begun_, 1);
  EXPECT_EQ(ended_, 1);
}

TEST_F(Desks, TheLogNamesTheLookupForWantOfWhichSomebodyIsDeferred) {
  settings_->smtpd_sender_restrictions = {Restriction::reject_unknown_sender_domain};
  resolver_.add("example.net SERVFAIL");
  EXPECT_EQ(ask("<s@example.net>").reply.code, 450);
  EXPECT_NE(logged_.find("restriction=reject_unknown_sender_domain"), std::string::npos) << logged_;
  EXPECT_NE(logged_.find(" why=\"example.net MX"), std::string::npos) << logged_;
}

TEST_F(Desks, ASilentDnsCostsASenderFourSecondsForAllItsNames) {
  settings_->smtpd_sender_restrictions = {Restriction::reject_unknown_sender_domain};
  settings_->answer_timeout = 20s;
  resolver_.add("example.net TIMEOUT");
  SteadyTime begin = clock_.now();
  EXPECT_EQ(ask("<s@example.net>").reply.code, 450);
  EXPECT_EQ(clock_.now() - begin, 4s);

  settings_->smtpd_helo_restrictions = {Restriction::reject_unknown_helo_hostname};
  resolver_.add("mail.example.net TIMEOUT");
  helo_ = "mail.example.net";
  begin = clock_.now();
  EXPECT_EQ(ask("<s@example.net>").reply.code, 450);
  EXPECT_EQ(clock_.now() - begin, 8s) << "four for each of them";

  settings_->answer_timeout = 8s;
  begin = clock_.now();
  EXPECT_EQ(ask("<s@example.net>").reply.code, 450);
  EXPECT_EQ(clock_.now() - begin, 6s) << "half of what is left";
}

TEST_F(Desks, WhatWeRelayHasAResolverOfItsOwn) {
  FakeResolver last(clock_);
  last.add("example.org MX 10 mx1.example.org");
  settings_->smtpd_sender_restrictions = {Restriction::reject_unknown_sender_domain};
  settings_->smtpd_recipient_restrictions = {Restriction::reject_unknown_recipient_domain};
  desk_.emplace(DeskServices{.clock = clock_,
                             .resolver = resolver_,
                             .log = log_,
                             .metrics = metrics_,
                             .verify = verify_,
                             .wait_begins = [] {},
                             .wait_ends = [] {},
                             .relayed = &last},
                settings_);
  resolver_.add("example.net MX 10 mx.example.net");
  EXPECT_EQ(ask("<s@example.net>").reply.code, 0);
  EXPECT_EQ(last.questions("example.net"), 0u);
  EXPECT_EQ(last.questions("example.org"), 1u);
  EXPECT_EQ(resolver_.questions("example.org"), 0u);
  EXPECT_EQ(ask("<s@example.org>").reply.code, 0);
  EXPECT_EQ(resolver_.questions("example.org"), 2u) << "as a sender it is a stranger: MX, then A";
}

TEST_F(Desks, NoWaitWithoutAQuestion) {
  settings_->smtpd_recipient_restrictions = {Restriction::permit};
  ask();
  EXPECT_EQ(begun_, 0);
  EXPECT_EQ(ended_, 0);
}

TEST_F(Desks, TheVerifierGetsTheRecipientItsNextHopAndTheDeadline) {
  const SteadyTime before = clock_.now();
  Question seen;
  verify_ = [&](const Question& question) {
    seen = question;
    return Finding{.verdict = Verdict::deliverable};
  };
  ask();
  EXPECT_EQ(seen.recipient.mailbox(), "u@example.org");
  EXPECT_EQ(seen.next_hop, "example.org");
  EXPECT_GE(seen.deadline, before + settings_->answer_timeout);
  EXPECT_LE(seen.deadline, clock_.now() + settings_->answer_timeout);
}

TEST_F(Desks, ADnsThatDoesNotAnswerLeavesTimeForTheVerifier) {
  settings_->answer_timeout = 1s;
  settings_->smtpd_recipient_restrictions.insert(settings_->smtpd_recipient_restrictions.begin(),
                                                 Restriction::reject_unknown_recipient_domain);
  resolver_.add("example.org TIMEOUT");
  const SteadyTime begin = clock_.now();
  SteadyTime deadline{}, asked{};
  verify_ = [&](const Question& question) {
    deadline = question.deadline;
    asked = clock_.now();
    return Finding{.verdict = Verdict::deliverable};
  };
  EXPECT_EQ(ask().reply.code, 0) << "the domain is ours";
  EXPECT_EQ(asked, begin + 500ms);
  EXPECT_LT(asked, deadline);
}

TEST_F(Desks, InLogOnlyNothingIsRefusedAndEverythingIsLogged) {
  settings_->mode = Enforcement::log_only;
  verify_ = [](const Question&) { return Finding{.verdict = Verdict::undeliverable, .code = 550}; };
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.reply.code, 0);
  EXPECT_EQ(outcome.by, Restriction::reject_unverified_recipient);
  EXPECT_NE(logged_.find("action=reject mode=log-only verdict=undeliverable"), std::string::npos) << logged_;
}

TEST_F(Desks, WhatWasAnsweredCanBeAskedAbout) {
  verify_ = [](const Question&) {
    return Finding{.verdict = Verdict::undeliverable, .code = 550, .words = "no such user"};
  };
  ask();
  const auto latest = desk().recent().latest(10, "u@example.org");
  ASSERT_EQ(latest.size(), 1u);
  EXPECT_EQ(latest.front().answer.action, "reject");
  EXPECT_EQ(latest.front().answer.reply, "no such user");
  EXPECT_EQ(latest.front().answer.at, clock_.wall());
  EXPECT_EQ(desk().recent().last_hour(clock_.now()).back().undeliverable, 1u);
}

TEST_F(Desks, WhoGuessesRecipientsIsAnsweredFromMemoryAndOthersAreNot) {
  settings_->client_unknown_recipient_limit = 2;
  std::vector<Question::Of> asked;
  verify_ = [&](const Question& question) {
    asked.push_back(question.of);
    if (question.of == Question::Of::memory) return Finding{.verdict = Verdict::late, .withheld = true};
    return Finding{.verdict = Verdict::undeliverable, .code = 550};
  };
  client_ = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(ask().reply.code, 550);
  EXPECT_EQ(ask().reply.code, 550);
  EXPECT_EQ(ask().reply.code, 450);
  client_ = boost::asio::ip::make_address("192.0.2.2");
  EXPECT_EQ(ask().reply.code, 550);
  using enum Question::Of;
  EXPECT_EQ(asked, (std::vector{anybody, anybody, memory, anybody}));
}

TEST_F(Desks, WhoGuessesRecipientsIsToldWhetherThePrimaryIsUpAboutThoseWhoExist) {
  settings_->client_unknown_recipient_limit = 1;
  settings_->primary_up_action = UpAction::defer;
  bool up = true, exists = false;
  std::vector<Question::Of> asked;
  verify_ = [&](const Question& question) {
    asked.push_back(question.of);
    const auto remembered = exists ? Remembered::yes : Remembered::nothing;
    if (question.of == Question::Of::memory)
      return Finding{.verdict = Verdict::late, .remembered = remembered, .withheld = true};
    if (!up) return Finding{.verdict = Verdict::unavailable, .remembered = remembered};
    if (exists) return Finding{.verdict = Verdict::deliverable, .remembered = remembered};
    return Finding{.verdict = Verdict::undeliverable, .code = 550};
  };
  client_ = boost::asio::ip::make_address("192.0.2.1");
  ask();  // one too many
  asked.clear();
  EXPECT_EQ(ask().reply.dsn, "4.7.1") << "nothing is asked about others";
  exists = true;
  EXPECT_EQ(ask().reply.dsn, "4.3.2") << "the primary is up, mail goes there";
  up = false;
  EXPECT_EQ(ask().reply.code, 0) << "an outage: taken, as everybody's";
  using enum Question::Of;
  EXPECT_EQ(asked, (std::vector{memory, memory, primary, memory, primary}));
}

TEST_F(Desks, AReloadIsForTheNextRecipient) {
  EXPECT_EQ(ask().reply.code, 0);
  auto next = std::make_shared<Settings>(*settings_);
  next->smtpd_recipient_restrictions = {Restriction::reject};
  desk().reload(next);
  EXPECT_EQ(ask().reply.code, 554);
}

TEST_F(Desks, ADrainWaitsForThoseWhoCameBeforeAndNobodyElse) {
  std::latch waiting(1), release(1);
  verify_ = [&](const Question&) {
    waiting.count_down();
    release.wait();
    return Finding{.verdict = Verdict::late};
  };
  desk();
  std::thread blocked([this] { ask(); });
  waiting.wait();
  desk().drain();
  bool waited = false;
  EXPECT_FALSE(desk().wait_for_the_last(1ms, waited));
  EXPECT_TRUE(waited);
  release.count_down();
  EXPECT_TRUE(desk().wait_for_the_last(10s, waited));
  blocked.join();
  EXPECT_TRUE(desk().wait_for_the_last(0ms, waited));
  EXPECT_FALSE(waited);
}

TEST_F(Desks, WhileItDrainsNobodyWaitsForDns) {
  settings_->smtpd_sender_restrictions = {Restriction::reject_unknown_sender_domain};
  desk().drain();
  EXPECT_EQ(ask("<s@example.net>").reply.code, 450);
  EXPECT_EQ(resolver_.questions(), 0u);
}

TEST_F(Desks, OnceClosedItAnswersWithoutAskingAnybody) {
  verify_ = [](const Question&) -> Finding { throw std::logic_error("the verifier is gone"); };
  EXPECT_TRUE(desk().close(0ms));
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.reply.code, 450);
  EXPECT_EQ(outcome.reply.dsn, "4.3.2");
}

TEST_F(Desks, AnExceptionLeavesNoSeatTaken) {
  verify_ = [](const Question&) -> Finding { throw std::bad_alloc(); };
  EXPECT_THROW(ask(), std::bad_alloc);
  EXPECT_TRUE(desk().close(0ms));
}

}  // namespace
}  // namespace fallbackmx
