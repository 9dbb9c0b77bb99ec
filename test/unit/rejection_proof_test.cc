#include "probe/smtp/rejection_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probe/base/metrics.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/loop_here.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

/// A session with the only server of example.org, that has rejected somebody.
class RejectionProofTest : public testing::Test {
 protected:
  static Address address(const std::string& text) { return *Address::parse(text); }
  static SmtpReply reply(int code, const std::string& text) {
    SmtpReply reply;
    reply.code = code;
    reply.lines = {text};
    return reply;
  }

  using Step = RejectionProof::Step;
  /// A recipient is rejected, in words about the address or (`needs_real`) perhaps about us.
  Step reject(const std::string& recipient, bool needs_real = false, const std::string& sender = "") {
    return reject_in(proof, recipient, needs_real, sender);
  }
  Step reject_in(RejectionProof& session, const std::string& recipient, bool needs_real = false,
                 const std::string& sender = "") {
    return here.run(
        session.add(std::make_shared<Probe>(address(recipient), "", clock.now(), 1),
                    {.result = said(Verdict::undeliverable, Stage::rcpt, server, reply(550, "no such user")),
                     .sender = sender,
                     .needs_real_recipient = needs_real}));
  }
  Step accept(const std::string& control, const std::string& sender = "") {
    return accept_in(proof, control, sender);
  }
  Step accept_in(RejectionProof& session, const std::string& control, const std::string& sender = "") {
    return here.run(session.on_reply(address(control), sender, Verdict::deliverable, reply(250, "ok")));
  }
  Step refuse(const std::string& control) {
    return here.run(proof.on_reply(address(control), "", Verdict::undeliverable, reply(550, "no")));
  }
  Probe probe_of(const std::string& recipient) { return {address(recipient), "", clock.now(), 1}; }
  void pass(std::chrono::seconds time) { clock.sleeper()->sleep_until(clock.now() + time); }
  void remember_as_good(const std::string& recipient) {
    AddressRecord good{.code = 250};
    good.asked = good.last_yes = clock.wall();
    store->put(recipient, good);
  }

  Simulation clock;
  LoopHere here{clock};
  FakeResolver dns{clock};
  MemoryStreamFactory streams{clock};
  std::unique_ptr<Store> store = make_memory_store();
  std::vector<std::string> lines;
  Log log{[this](LogLevel, std::string_view line) { lines.emplace_back(line); }, LogLevel::warning};
  Metrics metrics;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>(default_settings());
  const Endpoint server{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1")};
  Engine engine{Services{clock, dns, streams, *store, log, metrics, here.loop}, settings, nullptr, {}, [] {}};
  Servers servers{engine, {server}, {TlsPolicy{}}};
  RejectionProof proof{engine, servers, 0, "none", settings};
};

TEST_F(RejectionProofTest, OneAboutTheAddressAsksForPostmasterOnceAndIsProvenByIt) {
  EXPECT_EQ(reject("a@example.org").ask->recipient.text(), "postmaster@example.org");
  EXPECT_FALSE(reject("b@example.org").ask) << "it is on the wire";
  const Step step = accept("postmaster@example.org");
  ASSERT_EQ(step.settled.size(), 2U);
  EXPECT_EQ(step.settled[0].probe->recipient.text(), "a@example.org");
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::undeliverable);
  EXPECT_TRUE(proof.proven(probe_of("c@example.org"), ""));
  EXPECT_FALSE(proof.proven(probe_of("c@example.org"), "probe@fallback.example"));
  EXPECT_TRUE(proof.take_unproven().empty());
}

TEST_F(RejectionProofTest, ARealRecipientIsAskedForBeforePostmaster) {
  remember_as_good("real@example.org");
  EXPECT_EQ(reject("a@example.org").ask->recipient.text(), "real@example.org");
  EXPECT_EQ(refuse("real@example.org").ask->recipient.text(), "postmaster@example.org") << "it may be gone";
  EXPECT_EQ(accept("postmaster@example.org").settled.at(0).result.verdict, Verdict::undeliverable);
}

TEST_F(RejectionProofTest, OneThatMaySpeakOfUsIsProvenByARealRecipientOnly) {
  remember_as_good("real@example.org");
  EXPECT_EQ(reject("a@example.org", true).ask->recipient.text(), "real@example.org");
  EXPECT_EQ(accept("real@example.org").settled.at(0).result.verdict, Verdict::undeliverable);

  reject("a@example.org", true);
  reject("b@example.org");
  const Step step = refuse("real@example.org");
  ASSERT_EQ(step.settled.size(), 1U) << "postmaster proves nothing for this one";
  EXPECT_EQ(step.settled[0].probe->recipient.text(), "a@example.org");
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::refused);
  EXPECT_EQ(step.ask->recipient.text(), "postmaster@example.org");
  const Step rest = accept("postmaster@example.org");
  ASSERT_EQ(rest.settled.size(), 1U);
  EXPECT_EQ(rest.settled[0].probe->recipient.text(), "b@example.org");
}

TEST_F(RejectionProofTest, WithNoRealRecipientKnownItIsRefusedAndTheAlarmSaysWhatIsMissing) {
  const Step step = reject("a@example.org", true);
  EXPECT_FALSE(step.ask);
  ASSERT_EQ(step.settled.size(), 1U);
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::refused);
  EXPECT_THAT(
      step.settled[0].result.why,
      testing::HasSubstr("set probe_control_recipient=somebody@example.org in recipient_policy_maps"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], testing::HasSubstr("probe_control_recipient=somebody@example.org"));
  reject("b@example.org", true);
  EXPECT_EQ(lines.size(), 1U) << "once";
}

TEST_F(RejectionProofTest, AConfiguredRecipientIsARealOne) {
  settings->probe_control_recipient = "jane@example.org";
  EXPECT_EQ(reject("a@example.org", true).ask->recipient.text(), "jane@example.org");
  EXPECT_EQ(accept("jane@example.org").settled.at(0).result.verdict, Verdict::undeliverable);
  EXPECT_TRUE(reject("a@example.net", true).settled.size() == 1) << "of its own domain only";
}

TEST_F(RejectionProofTest, RealRecipientsThatAreThemselvesRejectedProveNothing) {
  remember_as_good("a@example.org");
  pass(std::chrono::seconds(1));
  remember_as_good("b@example.org");
  EXPECT_EQ(reject("b@example.org", true).ask->recipient.text(), "a@example.org");
}

TEST_F(RejectionProofTest, AtMostThreeRealRecipientsAreTried) {
  for (const char* name : {"a", "b", "c", "d", "e"}) remember_as_good(std::string(name) + "@example.org");
  Step step = reject("no@example.org", true);
  int asked = 0;
  for (; step.ask; ++asked) step = refuse(step.ask->recipient.text());
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(step.settled.at(0).result.verdict, Verdict::refused);
}

TEST_F(RejectionProofTest, ARecipientThatIsRememberedToExistIsGivenUpAtTheSecondProofInAnotherSession) {
  remember_as_good("gone@example.org");
  const auto prove_in = [&](RejectionProof& session) {
    reject_in(session, "gone@example.org");
    return accept_in(session, "postmaster@example.org").settled.at(0).result;
  };
  const ProbeResult first = prove_in(proof);
  EXPECT_EQ(first.verdict, Verdict::refused);
  EXPECT_TRUE(first.ask_once_more);
  EXPECT_THAT(first.why, testing::HasSubstr("it is remembered to exist"));
  pass(std::chrono::minutes(2));
  EXPECT_EQ(prove_in(proof).verdict, Verdict::refused) << "the same session";
  RejectionProof other{engine, servers, 0, "none", settings};
  EXPECT_EQ(prove_in(other).verdict, Verdict::undeliverable);
}

TEST_F(RejectionProofTest, AndNotBeforeAMinuteIsOver) {
  remember_as_good("gone@example.org");
  reject("gone@example.org");
  accept("postmaster@example.org");
  RejectionProof other{engine, servers, 0, "none", settings};
  pass(std::chrono::seconds(59));
  reject_in(other, "gone@example.org");
  EXPECT_EQ(accept_in(other, "postmaster@example.org").settled.at(0).result.verdict, Verdict::refused);
}

TEST_F(RejectionProofTest, ItIsProvenByALaterYesAlone) {
  remember_as_good("gone@example.org");
  proof.accepted("example.org", "");
  EXPECT_TRUE(proof.proven(probe_of("a@example.org"), ""));
  EXPECT_FALSE(proof.proven(probe_of("gone@example.org"), ""));
}

TEST_F(RejectionProofTest, WhenEveryControlIsRefusedTheRejectionsSayNothingAndAnAlarmIsRaisedOnce) {
  remember_as_good("real@example.org");
  reject("a@example.org");
  refuse("real@example.org");
  const Step third = refuse("postmaster@example.org");
  ASSERT_EQ(third.settled.size(), 1U);
  EXPECT_EQ(third.settled[0].result.verdict, Verdict::refused);
  EXPECT_EQ(third.settled[0].result.why,
            "mx1.example.org[192.0.2.1]:25 said 550 no such user (in reply to RCPT); "
            "it answered 550 no to the control recipient <postmaster@example.org>");
  EXPECT_FALSE(proof.proven(probe_of("a@example.org"), ""));
  EXPECT_EQ(lines.size(), 1U);

  proof.accepted("example.org", "");
  EXPECT_EQ(lines.back(),
            "mx1.example.org[192.0.2.1]:25 accepts recipients in example.org again; its rejections count");
  proof.accepted("example.org", "");
  EXPECT_EQ(lines.size(), 2U) << "that is news once";
}

TEST_F(RejectionProofTest, AControlThatIsDeferredDefers) {
  reject("a@example.org");
  const auto step = here.run(
      proof.on_reply(address("postmaster@example.org"), "", Verdict::deferred, reply(450, "greylisted")));
  ASSERT_EQ(step.settled.size(), 1U);
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::deferred);
}

TEST_F(RejectionProofTest, TheControlRecipientItselfIsNoProofOfItsRejection) {
  const auto step = reject("postmaster@example.org");
  EXPECT_FALSE(step.ask);
  ASSERT_EQ(step.settled.size(), 1U);
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::refused);
}

TEST_F(RejectionProofTest, EachSenderHasRejectionsAndControlsOfItsOwn) {
  const std::string other = "probe@fallback.example";
  EXPECT_EQ(reject("a@example.org").ask->sender, "");
  EXPECT_EQ(reject("b@example.org", false, other).ask->sender, other);
  EXPECT_EQ(accept("postmaster@example.org", other).settled.at(0).probe->recipient.text(), "b@example.org");
}

TEST_F(RejectionProofTest, RejectionsUnderASenderThatIsRefusedAreTakenBack) {
  reject("a@example.org");
  reject("b@example.org");
  EXPECT_EQ(proof.take_back("example.org", "").size(), 2U);
  EXPECT_TRUE(proof.take_unproven().empty());
  EXPECT_TRUE(accept("postmaster@example.org").settled.empty()) << "there is nothing left to settle";
}

TEST_F(RejectionProofTest, WhatIsUnprovenAtTheEndOfASessionKeepsWhatWasSaid) {
  reject("a@example.org", true, "probe@fallback.example");
  remember_as_good("real@example.org");
  reject("b@example.org", true, "probe@fallback.example");
  const auto left = proof.take_unproven();
  ASSERT_EQ(left.size(), 1U);
  ASSERT_TRUE(left[0]->rejection);
  EXPECT_EQ(left[0]->rejection->sender, "probe@fallback.example");
  EXPECT_TRUE(left[0]->rejection->needs_real_recipient);

  RejectionProof next{engine, servers, 0, "none", settings};
  EXPECT_EQ(here.run(next.add(left[0], *left[0]->rejection)).ask->recipient.text(), "real@example.org");
}

TEST_F(RejectionProofTest, AtAnAddressPastItsTimeOnlyARealRecipientProvesAnythingAndNothingIsRemembered) {
  Endpoint old = server;
  old.stale = true;
  Servers others{engine, {old}, {TlsPolicy{}}};
  RejectionProof there{engine, others, 0, "none", settings};
  const Step alone = reject_in(there, "a@example.org");
  EXPECT_FALSE(alone.ask) << "postmaster does not do";
  EXPECT_EQ(alone.settled.at(0).result.verdict, Verdict::refused);
  EXPECT_TRUE(lines.empty()) << "no alarm about what may be a stranger";

  remember_as_good("real@example.org");
  EXPECT_EQ(reject_in(there, "b@example.org").ask->recipient.text(), "real@example.org");
  EXPECT_EQ(accept_in(there, "real@example.org").settled.at(0).result.verdict, Verdict::undeliverable);
  EXPECT_FALSE(there.proven(probe_of("c@example.org"), "")) << "each needs a proof of its own";
  EXPECT_FALSE(proof.proven(probe_of("c@example.org"), "")) << "nor is it one for the server that is known";

  accept("real@example.org");
  EXPECT_TRUE(proof.proven(probe_of("c@example.org"), ""));
  EXPECT_FALSE(there.proven(probe_of("c@example.org"), ""));
}

TEST_F(RejectionProofTest, AtAnAddressPastItsTimeNobodyWhoExistedIsGivenUp) {
  Endpoint old = server;
  old.stale = true;
  Servers others{engine, {old}, {TlsPolicy{}}};
  remember_as_good("known@example.org");
  pass(std::chrono::seconds(1));
  remember_as_good("real@example.org");
  for (int i = 0; i < 3; ++i) {
    RejectionProof there{engine, others, 0, "none", settings};
    EXPECT_EQ(reject_in(there, "known@example.org").ask->recipient.text(), "real@example.org");
    const Step step = accept_in(there, "real@example.org");
    EXPECT_EQ(step.settled.at(0).result.verdict, Verdict::refused);
    EXPECT_FALSE(step.settled.at(0).result.ask_once_more);
    pass(std::chrono::minutes(2));
  }
}

}  // namespace
}  // namespace fallbackmx
