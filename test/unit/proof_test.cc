#include "probe/proof.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probe/metrics.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

/// A session with the only server of example.org, that has said no.
class ProofTest : public testing::Test {
 protected:
  static Address address(const std::string& text) { return *Address::parse(text); }
  static SmtpReply reply(int code, const std::string& text) {
    SmtpReply reply;
    reply.code = code;
    reply.lines = {text};
    return reply;
  }

  /// The no to a recipient, and what is to be done about it.
  Proof::Step no_to(const std::string& recipient) {
    const auto probe = std::make_shared<Probe>(address(recipient), "", clock.now(), 1);
    return proof.doubt(
        {probe, said(Verdict::undeliverable, Stage::rcpt, server, reply(550, "no such user"))});
  }
  void remember_as_good(const std::string& recipient) {
    AddressRecord good{.code = 250};
    good.asked = good.last_yes = clock.wall();
    store->put(recipient, good);
  }

  Simulation clock;
  FakeResolver dns{clock};
  MemoryStreamFactory streams{clock};
  std::unique_ptr<Store> store = make_memory_store();
  std::vector<std::string> lines;
  Log log{[this](LogLevel, std::string_view line) { lines.emplace_back(line); }, LogLevel::warning};
  Metrics metrics;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>(default_settings());
  const Endpoint server{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1")};
  Engine engine{Services{clock, dns, streams, *store, log, metrics}, settings, nullptr, [] {}};
  Servers servers{engine, {server}, {TlsPolicy{}}};
  Proof proof{engine, servers, 0, "none", settings};
};

TEST_F(ProofTest, ANoAsksForTheControlRecipientOnceAndIsProvenByIt) {
  EXPECT_EQ(no_to("a@example.org").ask->text(), "postmaster@example.org");
  EXPECT_FALSE(no_to("b@example.org").ask) << "it is on the wire";
  const Proof::Step step =
      proof.on_reply(address("postmaster@example.org"), Verdict::deliverable, reply(250, "ok"));
  ASSERT_EQ(step.settled.size(), 2U);
  EXPECT_EQ(step.settled[0].probe->recipient.text(), "a@example.org");
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::undeliverable);
  EXPECT_TRUE(proof.proven("example.org"));
  EXPECT_TRUE(proof.unproven().empty());
}

TEST_F(ProofTest, WhenEveryControlIsRefusedTheNoesSayNothingAndAnAlarmIsRaisedOnce) {
  remember_as_good("real@example.org");
  no_to("a@example.org");
  const auto second =
      proof.on_reply(address("postmaster@example.org"), Verdict::undeliverable, reply(550, "no"));
  EXPECT_EQ(second.ask->text(), "real@example.org");
  EXPECT_TRUE(second.settled.empty());
  const auto third = proof.on_reply(address("real@example.org"), Verdict::undeliverable, reply(550, "no"));
  ASSERT_EQ(third.settled.size(), 1U);
  EXPECT_EQ(third.settled[0].result.verdict, Verdict::refused);
  EXPECT_EQ(third.settled[0].result.why,
            "mx1.example.org[192.0.2.1]:25 said 550 no such user (in reply to RCPT); "
            "it answered 550 no to the control recipient <real@example.org>");
  EXPECT_FALSE(proof.proven("example.org"));
  EXPECT_EQ(lines.size(), 1U);

  proof.accepted("example.org");
  EXPECT_EQ(lines.back(), "mx1.example.org[192.0.2.1]:25 talks about recipients in example.org again");
  proof.accepted("example.org");
  EXPECT_EQ(lines.size(), 2U) << "that is news once";
}

TEST_F(ProofTest, AControlThatIsDeferredDefers) {
  no_to("a@example.org");
  const auto step =
      proof.on_reply(address("postmaster@example.org"), Verdict::deferred, reply(450, "greylisted"));
  ASSERT_EQ(step.settled.size(), 1U);
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::deferred);
}

TEST_F(ProofTest, WhoProvesNoesWithARealRecipientIsAskedForOneFirst) {
  remember_as_good("real@example.org");
  no_to("a@example.org");
  proof.on_reply(address("postmaster@example.org"), Verdict::undeliverable, reply(550, "no"));
  proof.on_reply(address("real@example.org"), Verdict::deliverable, reply(250, "ok"));
  EXPECT_EQ(no_to("b@example.org").ask->text(), "real@example.org");
}

TEST_F(ProofTest, TheControlRecipientItselfIsNoProofOfItsNo) {
  const auto step = no_to("postmaster@example.org");
  EXPECT_FALSE(step.ask);
  ASSERT_EQ(step.settled.size(), 1U);
  EXPECT_EQ(step.settled[0].result.verdict, Verdict::refused);
}

TEST_F(ProofTest, NoesThatWereGivenToAnotherSenderAreTakenBack) {
  no_to("a@example.org");
  no_to("b@example.org");
  EXPECT_EQ(proof.take_back("example.org").size(), 2U);
  EXPECT_TRUE(proof.unproven().empty());
  EXPECT_TRUE(proof.on_reply(address("postmaster@example.org"), Verdict::deliverable, reply(250, "ok"))
                  .settled.empty())
      << "what is said to the other sender settles nothing";
}

}  // namespace
}  // namespace fallbackmx
