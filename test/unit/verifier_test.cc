// The whole probe module on a network in memory: what scenarios cannot say, because it is about every byte,
// or about many clients at once.
#include "probe/verifier/verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/store/store.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/limited_streams.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"
#include "test/unit/forwarding_store.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// A memory that is not at hand, and in which others say what a test wants.
class TalkativeStore final : public ForwardingStore {
 public:
  TalkativeStore() : ForwardingStore(make_memory_store()) {}

  std::optional<Known> at_hand(const std::string&) override { return std::nullopt; }
  void tell(const std::string& server, const ServerWord& word, Seconds lifetime) override {
    const std::lock_guard lock(mutex_);
    said_ += server + (word.up ? " is up, " : " is down, ") + word.words + " (" +
             std::to_string(lifetime.count()) + " s)\n";
  }
  std::optional<ServerWord> heard(const std::string&) override {
    const std::lock_guard lock(mutex_);
    return word_;
  }
  void others_say(std::optional<ServerWord> word) {
    const std::lock_guard lock(mutex_);
    word_ = std::move(word);
  }
  std::string said() {
    const std::lock_guard lock(mutex_);
    return std::exchange(said_, {});
  }

 private:
  std::mutex mutex_;
  std::optional<ServerWord> word_;
  std::string said_;
};

/// example.org with one primary, 10 ms away and back, that knows some users.
class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    dns.add("example.org MX 10 mx1.example.org");
    dns.add("mx1.example.org A 192.0.2.1");
    for (const auto* line : {"EHLO *     250-mx1.example.org | 250-PIPELINING | 250 ENHANCEDSTATUSCODES",
                             "RCPT TO:<no*@*>     550 5.1.1 no such user",
                             "RCPT TO:<fallbackmx-test-*>     550 5.1.1 no such user"}) {
      EXPECT_TRUE(primary->define(line));
    }
    network.serve("192.0.2.1", 25, primary);
  }

  void start(std::unique_ptr<Store> memory = make_memory_store()) {
    store = std::move(memory);
    verifier = std::make_unique<Verifier>(Services{clock, dns, streams, *store, log, metrics, loop},
                                          std::make_shared<Settings>(settings));
  }

  /// Asks from a thread of its own for each of the addresses, all at once.
  std::vector<Finding> ask(const std::vector<std::string>& addresses) {
    std::vector<Finding> findings(addresses.size());
    std::vector<std::thread> clients;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      clients.emplace_back([&, i, own = std::shared_ptr<Sleeper>(clock.sleeper())]() mutable {
        own->sleep_until(SteadyTime::min());  // takes part from here
        Question own_question = question;
        own_question.recipient = *Address::parse(addresses[i]);
        own_question.deadline = clock.now() + settings.answer_timeout;
        findings[i] = verifier->verify(own_question);
        if (++answered == addresses.size()) {
          finished = clock.now();
          here->wake();
        }
        own.reset();
      });
    }
    here->sleep_until(clock.now() + 1h);
    for (auto& client : clients) client.join();
    answered = 0;
    return findings;
  }
  Finding ask_one(const std::string& address) { return ask({address}).front(); }

  std::string warnings() {
    std::string all;
    for (const auto& line : lines) all += line + "\n";
    return all;
  }

  Simulation clock;
  FakeResolver dns{clock};
  MemoryStreamFactory network{clock};
  LimitedStreamFactory streams{network};
  std::shared_ptr<ScriptedServer> primary = std::make_shared<ScriptedServer>("mx1.example.org");
  Settings settings = [] {
    Settings defaults = default_settings();
    defaults.myhostname = defaults.smtp_helo_name = "fallback.example.net";
    return defaults;
  }();
  std::mutex lines_mutex;
  std::vector<std::string> lines;
  Log log{[this](LogLevel, std::string_view line) {
            const std::lock_guard lock(lines_mutex);
            lines.emplace_back(line);
          },
          LogLevel::warning};
  Metrics metrics;
  LoopThread loop{clock};
  Question question;  ///< what is asked about each
  std::unique_ptr<Store> store;
  std::unique_ptr<Verifier> verifier;
  std::unique_ptr<Sleeper> here = clock.sleeper();  ///< while this thread runs no time passes
  std::atomic<std::size_t> answered = 0;
  SteadyTime finished{};  ///< when the last of those who asked had an answer
};

TEST_F(VerifierTest, ANoIsProvenInTheNextRoundTrip) {
  start();
  const SteadyTime begun = clock.now();
  const Finding no = ask_one("nobody@example.org");
  EXPECT_EQ(to_string(no.verdict), "undeliverable") << no.why;
  EXPECT_EQ(finished - begun, 40ms) << "connect (the greeting comes with it), EHLO, the question, its proof";
  EXPECT_EQ(no.why, "mx1.example.org[192.0.2.1]:25 said 550 5.1.1 no such user (in reply to RCPT)");
  EXPECT_EQ(primary->record().count("RCPT TO:<postmaster@example.org>"), 1U);
}

TEST_F(VerifierTest, WhoWillWaitSaysSoBefore) {
  start();
  const SteadyTime begun = clock.now();
  std::atomic<int> waits = 0;
  question.waits = [&] {
    ++waits;
    EXPECT_EQ(clock.now(), begun) << "before, and not after";
  };
  EXPECT_EQ(to_string(ask_one("somebody@example.org").source), "probe");
  EXPECT_EQ(waits, 1) << "for the primary; memory was at hand";
  EXPECT_GT(finished, begun);
  EXPECT_EQ(to_string(ask_one("somebody@example.org").source), "memory");
  EXPECT_EQ(waits, 1) << "the answer was at hand";
  question.of = Question::Of::memory;
  EXPECT_EQ(to_string(ask_one("never.asked@example.org").verdict), "late");
  EXPECT_EQ(waits, 1);
}

TEST_F(VerifierTest, WhoseMemoryIsNotAtHandWaitsForIt) {
  start(std::make_unique<TalkativeStore>());
  ask_one("somebody@example.org");
  std::atomic<int> waits = 0;
  question.waits = [&] { ++waits; };
  EXPECT_EQ(to_string(ask_one("somebody@example.org").source), "memory");
  EXPECT_EQ(waits, 1);
}

TEST_F(VerifierTest, PrimariesCanBeLookedAt) {
  start();
  EXPECT_TRUE(verifier->primaries().empty());
  const WallTime begun = clock.wall();
  ask_one("somebody@example.org");
  const auto primaries = verifier->primaries();
  ASSERT_EQ(primaries.size(), 1u);
  const PrimaryState& mx1 = primaries.front();
  EXPECT_EQ(mx1.server, "mx1.example.org[192.0.2.1]:25");
  EXPECT_EQ(mx1.next_hop, "example.org");
  EXPECT_EQ(mx1.state, Health::State::up);
  EXPECT_EQ(mx1.since, begun);
  EXPECT_EQ(mx1.sessions, 1u);
  EXPECT_EQ(mx1.round_trip, 10ms);
  EXPECT_EQ(mx1.tls, "none");
  EXPECT_EQ(mx1.last_reply, clock.wall());
  EXPECT_EQ(mx1.last_yes, clock.wall());
  EXPECT_EQ(mx1.alarm, "");
}

TEST_F(VerifierTest, APrimaryThatIsDownSaysSinceWhenAndWhy) {
  network.serve("192.0.2.1", 25, nullptr);
  settings.primary_down_after = 1;
  start();
  const WallTime begun = clock.wall();
  ask_one("somebody@example.org");
  const auto primaries = verifier->primaries();
  ASSERT_EQ(primaries.size(), 1u);
  EXPECT_EQ(primaries.front().state, Health::State::down);
  EXPECT_GE(primaries.front().since, begun);
  EXPECT_GT(primaries.front().next_trial, primaries.front().since);
  EXPECT_NE(primaries.front().trouble.find("refused"), std::string::npos) << primaries.front().trouble;
  EXPECT_EQ(primaries.front().sessions, 0u);
}

TEST_F(VerifierTest, WhatAnAdministratorWasToldStandsUntilAYes) {
  ASSERT_TRUE(primary->define("RCPT TO:<*@*>     550 5.7.1 your address is on a list"));
  start();
  ask_one("somebody@example.org");
  EXPECT_NE(verifier->primaries().front().alarm.find("on a list"), std::string::npos);
}

TEST_F(VerifierTest, ProbesAreCountedWithTheirStages) {
  start();
  ask_one("somebody@example.org");
  ask_one("nobody@example.org");
  const std::string text = metrics.text();
  for (const std::string line :
       {"probes_total{outcome=\"deliverable\"} 1\n", "probes_total{outcome=\"undeliverable\"} 1\n",
        "probe_duration_seconds_count{stage=\"connect\"} 1\n",
        "probe_duration_seconds_count{stage=\"greeting\"} 1\n",
        "probe_duration_seconds_count{stage=\"ehlo\"} 1\n",
        "probe_duration_seconds_count{stage=\"mail\"} 2\n",
        "probe_duration_seconds_sum{stage=\"ehlo\"} 0.01\n",
        "probe_duration_seconds_count{stage=\"rcpt\"} 2\n"})
    EXPECT_NE(text.find("fallbackmx_" + line), std::string::npos) << line << text;
}

TEST_F(VerifierTest, ActivityIsWhatGoesOnNow) {
  start();
  EXPECT_EQ(verifier->activity().sessions.open, 0u);
  ask_one("somebody@example.org");
  const Activity after = verifier->activity();
  EXPECT_EQ(after.sessions.open, 1u);
  EXPECT_EQ(after.probes, 0u);
  EXPECT_EQ(after.waiters, 0u);
  EXPECT_EQ(after.proofs, 1u) << "it said yes about example.org";
  EXPECT_EQ(after.troubles, 0u);
}

TEST_F(VerifierTest, WhileClientsWaitTheyAreCounted) {
  ASSERT_TRUE(primary->define("RCPT TO:<slow@*>     250 2.1.5 ok     stall 1s"));
  start();
  Activity meanwhile;
  std::thread onlooker([&, own = std::shared_ptr<Sleeper>(clock.sleeper())]() mutable {
    own->sleep_until(clock.now() + 500ms);
    meanwhile = verifier->activity();
    own.reset();
  });
  ask({"slow@example.org", "slow@example.org"});
  onlooker.join();
  EXPECT_EQ(meanwhile.probes, 1u);
  EXPECT_EQ(meanwhile.waiters, 2u);
}

TEST_F(VerifierTest, APrimaryKnownToBeDownIsAskedByNobody) {
  network.serve("192.0.2.1", 25, nullptr);
  settings.primary_down_after = 1;
  start();
  EXPECT_EQ(to_string(ask_one("one@example.org").source), "probe");
  EXPECT_EQ(to_string(ask_one("two@example.org").source), "none");
}

TEST_F(VerifierTest, RefusalsThatAnAdministratorShouldHearOfAreCountedEachTime) {
  ASSERT_TRUE(primary->define("RCPT TO:<*@*>     550 5.7.1 your address is on a list"));
  start();
  ask_one("one@example.org");
  EXPECT_NE(metrics.text().find("fallbackmx_alarms_total{kind=\"refused\"} 1\n"), std::string::npos);
}

TEST_F(VerifierTest, AColdAddressOnALiveSessionCostsOneRoundTrip) {
  start();
  ask_one("first@example.org");
  const SteadyTime begun = clock.now();
  EXPECT_EQ(ask_one("second@example.org").verdict, Verdict::deliverable);
  EXPECT_EQ(finished - begun, 10ms);
  EXPECT_EQ(primary->record().connections, 1U);
}

TEST_F(VerifierTest, FiftyClientsWithOneNewAddressAreOneProbe) {
  start();
  for (const Finding& finding : ask(std::vector<std::string>(50, "wanted@example.org"))) {
    EXPECT_EQ(finding.verdict, Verdict::deliverable);
  }
  EXPECT_EQ(primary->record().rcpts.at("wanted@example.org"), 1U);
}

TEST_F(VerifierTest, AStormOfUnknownUsersGetsEachItsAnswerAndRespectsThePrimarysLimits) {
  start();
  std::vector<std::string> attack;
  for (int i = 0; i < 200; ++i) attack.push_back("no" + std::to_string(i) + "@example.org");
  for (const Finding& finding : ask(attack))
    EXPECT_EQ(to_string(finding.verdict), "undeliverable") << finding.why;
  const ServerRecord record = primary->record();
  EXPECT_LE(record.at_once_most, static_cast<std::size_t>(settings.probe_session_limit));
  EXPECT_LE(record.connections, 200U / 9 + settings.probe_session_limit) << "nine rejections a session";
  for (const auto& [address, times] : record.rcpts) {
    if (address.starts_with("no")) {
      EXPECT_EQ(times, 1U) << address;
    }
  }
  EXPECT_EQ(record.hangups, 0U) << "QUIT always";
  EXPECT_EQ(record.several_recipients, 0U);
}

TEST_F(VerifierTest, ManyDomainsOnOnePrimaryShareItsSessions) {
  settings.address_verify_pending_request_limit = 100000;
  start();
  std::vector<std::string> recipients;
  for (int i = 0; i < 300; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example.net";
    dns.add(domain + " MX 10 mx1.example.org");
    recipients.push_back("user@" + domain);
  }
  for (const Finding& finding : ask(recipients))
    EXPECT_EQ(finding.verdict, Verdict::deliverable) << finding.why;
  here->sleep_until(clock.now() + 1min);
  const ServerRecord record = primary->record();
  EXPECT_LE(record.at_once_most, static_cast<std::size_t>(settings.probe_session_limit));
  EXPECT_LE(record.connections, 300U / 50 + settings.probe_session_limit) << "as many as for one domain";
  EXPECT_GE(record.count("RCPT TO:<fallbackmx-test-*"), 9U) << "tested with the refusals that are left over";
}

TEST_F(VerifierTest, EveryFragmentSizeGivesTheSameAnswers) {
  for (std::size_t size = 1; size <= 90; ++size) {
    SCOPED_TRACE(size);
    streams.fragment(size);
    start();
    const auto findings = ask({"yes@example.org", "no@example.org", "other@example.org"});
    EXPECT_EQ(to_string(findings[0].verdict), "deliverable") << findings[0].why;
    EXPECT_EQ(to_string(findings[1].verdict), "undeliverable") << findings[1].why;
    EXPECT_EQ(to_string(findings[2].verdict), "deliverable") << findings[2].why;
  }
}

// The cut may come anywhere: in the greeting, between the digits of a code, within the proof. Once it is over
// the next session must bring the truth, and nothing but the truth may be said meanwhile.
TEST_F(VerifierTest, ASessionThatBreaksAfterAnyByteNeverTurnsAYesIntoANo) {
  std::size_t cut = 0;
  for (bool again = true; again; ++cut) {
    SCOPED_TRACE("cut after byte " + std::to_string(cut));
    start();
    streams.cut_after(cut);
    const auto findings = ask({"yes@example.org", "no@example.org", "other@example.org"});
    again = streams.was_cut();
    for (std::size_t i : {0U, 2U}) {
      EXPECT_TRUE(findings[i].verdict == Verdict::deliverable || findings[i].verdict == Verdict::unavailable)
          << to_string(findings[i].verdict) << ": " << findings[i].why;
    }
    EXPECT_TRUE(findings[1].verdict == Verdict::undeliverable || findings[1].verdict == Verdict::unavailable)
        << to_string(findings[1].verdict) << ": " << findings[1].why;
    EXPECT_EQ(to_string(ask_one("yes@example.org").verdict), "deliverable");
    EXPECT_EQ(to_string(ask_one("no@example.org").verdict), "undeliverable");
  }
  EXPECT_GT(cut, 200U) << "a whole conversation was cut in every place";
}

TEST_F(VerifierTest, APrimaryThatClosesAfterThreeRecipientsCostsAReconnectNotAnAnswer) {
  ASSERT_TRUE(primary->define("after 12   421 4.7.0 enough   close"));
  start();
  std::vector<std::string> recipients;
  for (int i = 0; i < 30; ++i) recipients.push_back("user" + std::to_string(i) + "@example.org");
  for (const Finding& finding : ask(recipients))
    EXPECT_EQ(to_string(finding.verdict), "deliverable") << finding.why;
}

TEST_F(VerifierTest, APrimaryThatClosesAfterItsFirstRefusalIsStillUnderstood) {
  ASSERT_TRUE(primary->change("RCPT TO:<no*@*>     550 5.1.1 no such user   close"));
  start();
  const Finding no = ask_one("no@example.org");
  EXPECT_EQ(to_string(no.verdict), "undeliverable") << no.why;
}

TEST_F(VerifierTest, APrimaryThatAllowsTwoConnectionsIsNotDown) {
  ASSERT_TRUE(primary->define("max-connections 2   421 4.7.0 too many connections"));
  start();
  std::vector<std::string> recipients;
  for (int i = 0; i < 120; ++i) recipients.push_back("user" + std::to_string(i) + "@example.org");
  for (const Finding& finding : ask(recipients))
    EXPECT_EQ(to_string(finding.verdict), "deliverable") << finding.why;
  EXPECT_LE(primary->record().connections, 10U) << "its limit is remembered";
  EXPECT_EQ(warnings().find("is down"), std::string::npos) << warnings();
}

TEST_F(VerifierTest, APrimaryThatAnswersOnceASecondIsSlowButNotDown) {
  ASSERT_TRUE(primary->change("RCPT TO:<*>     250 2.1.5 ok   stall 1s"));
  start();
  std::vector<std::string> recipients;
  for (int i = 0; i < 20; ++i) recipients.push_back("user" + std::to_string(i) + "@example.org");
  ask(recipients);
  here->sleep_until(clock.now() + 1min);
  EXPECT_EQ(warnings().find("is down"), std::string::npos) << warnings();
  EXPECT_EQ(ask_one("user19@example.org").verdict, Verdict::deliverable)
      << "what came too late is remembered";
}

TEST_F(VerifierTest, APrimaryThatRefusesEverybodyFromOneMomentOnMakesNobodyUndeliverable) {
  start();
  EXPECT_EQ(ask_one("yes@example.org").verdict, Verdict::deliverable);
  EXPECT_EQ(ask_one("no@example.org").verdict, Verdict::undeliverable);
  here->sleep_until(clock.now() + settings.probe_control_time + 1s);
  ASSERT_TRUE(primary->change("RCPT TO:<*>     550 5.7.1 blocked"));
  for (const Finding& finding : ask({"a@example.org", "b@example.org", "no2@example.org"})) {
    EXPECT_EQ(to_string(finding.verdict), "refused") << finding.why;
  }
  ask_one("c@example.org");
  const std::string said = warnings();
  EXPECT_NE(said.find("alarm: refused"), std::string::npos) << said;
  EXPECT_EQ(said.find("alarm"), said.rfind("alarm")) << "once: " << said;
  EXPECT_FALSE(store->find("a@example.org")) << "no verdict is stored without proof";

  ASSERT_TRUE(primary->change("RCPT TO:<*>     250 2.1.5 ok"));
  EXPECT_EQ(ask_one("a@example.org").verdict, Verdict::deliverable) << "it recovers by itself";
}

TEST_F(VerifierTest, APrimaryThatAcceptsEverybodyIsFoundOutInTheBackgroundAndLeftAlone) {
  ASSERT_TRUE(primary->change("RCPT TO:<fallbackmx-test-*>     250 2.1.5 whoever"));
  start();
  EXPECT_EQ(ask_one("first@example.org").source, Source::probe);
  EXPECT_EQ(primary->record().count("RCPT TO:<fallbackmx-test-*"), 0U);
  here->sleep_until(clock.now() + settings.probe_session_idle_time + 1s);
  EXPECT_EQ(primary->record().count("RCPT TO:<fallbackmx-test-*"), 1U) << "the last question of the session";
  EXPECT_EQ(primary->record().connections, 1U);
  const Finding second = ask_one("second@example.org");
  EXPECT_EQ(second.verdict, Verdict::deliverable);
  EXPECT_EQ(second.source, Source::memory) << second.why;
  EXPECT_EQ(primary->record().rcpts.count("second@example.org"), 0U);
  EXPECT_FALSE(store->find("second@example.org")) << "nobody said that it exists";

  here->sleep_until(clock.now() + settings.probe_catchall_time + 1s);
  EXPECT_EQ(ask_one("third@example.org").source, Source::probe) << "the test is stale";
  EXPECT_EQ(primary->record().rcpts.count("third@example.org"), 1U);
}

TEST_F(VerifierTest, APrimaryThatKnowsItsUsersIsTestedOncePerTimeAndAskedEachTime) {
  start();
  for (const char* user : {"a@example.org", "b@example.org", "c@example.org"}) {
    EXPECT_EQ(ask_one(user).source, Source::probe);
    here->sleep_until(clock.now() + settings.probe_session_idle_time + 1s);
  }
  EXPECT_EQ(primary->record().count("RCPT TO:<fallbackmx-test-*"), 1U);
}

TEST_F(VerifierTest, WhoMayOnlyLookIntoMemoryAsksNobody) {
  start();
  ask_one("known@example.org");
  const auto look = [&](const std::string& address) {
    return verifier->verify(
        {.recipient = *Address::parse(address), .deadline = clock.now() + 8s, .of = Question::Of::memory});
  };
  EXPECT_EQ(look("known@example.org").verdict, Verdict::deliverable);
  const Finding unknown = look("other@example.org");
  EXPECT_TRUE(unknown.withheld);
  EXPECT_EQ(unknown.verdict, Verdict::late);
  EXPECT_EQ(primary->record().rcpts.count("other@example.org"), 0U);
}

TEST_F(VerifierTest, TroubleOfOursIsAGatewaysWhereTheNextHopIsFixed) {
  start();
  const auto look = [&](const std::string& next_hop) {
    return verifier
        ->verify({.recipient = *Address::parse("other@example.org"),
                  .next_hop = next_hop,
                  .deadline = clock.now() + 8s,
                  .of = Question::Of::memory})
        .from_mx;
  };
  EXPECT_TRUE(look(""));
  EXPECT_TRUE(look("example.org"));
  EXPECT_FALSE(look("[mx1.example.org]"));
  EXPECT_FALSE(look("[192.0.2.1]:2525"));
  EXPECT_FALSE(look("relay.example.net"));
  // And where there is nothing but trouble: no memory, no threads.
  question.next_hop = "[192.0.2.1]";
  question.waits = [] { throw std::bad_alloc(); };
  const Finding finding = ask_one("another@example.org");
  EXPECT_EQ(finding.verdict, Verdict::late);
  EXPECT_FALSE(finding.from_mx);
}

TEST_F(VerifierTest, WhoMustKnowWhetherThePrimaryIsUpIsNotServedFromMemory) {
  ASSERT_TRUE(primary->change("RCPT TO:<fallbackmx-test-*>     250 2.1.5 whoever"));
  start();
  question.of = Question::Of::primary;
  EXPECT_EQ(ask_one("known@example.org").source, Source::probe);
  here->sleep_until(clock.now() + settings.probe_session_idle_time + 1s);
  EXPECT_EQ(ask_one("known@example.org").source, Source::probe);
  EXPECT_EQ(ask_one("another@example.org").source, Source::probe) << "though it accepts everybody";
}

TEST_F(VerifierTest, AQuestionMayHaveASenderOfItsOwn) {
  start();
  ask_one("first@example.org");
  question.sender = "probe@fallback.example.net";
  EXPECT_EQ(ask_one("second@example.org").verdict, Verdict::deliverable);
  EXPECT_EQ(primary->record().count("MAIL FROM:<probe@fallback.example.net>*"), 1U);
  EXPECT_EQ(primary->record().count("MAIL FROM:<>*"), 1U);
}

TEST_F(VerifierTest, AQuestionMayAskForTls) {
  start();
  question.tls = TlsLevel::encrypt;
  EXPECT_EQ(ask_one("first@example.org").verdict, Verdict::refused);
  EXPECT_EQ(primary->record().rcpts.count("first@example.org"), 0U);
}

TEST_F(VerifierTest, DrainingAnswersWhoWaitsAtOnce) {
  ASSERT_TRUE(primary->change("RCPT TO:<*>     stall"));
  start();
  std::thread client([&, own = std::shared_ptr<Sleeper>(clock.sleeper())]() mutable {
    own->sleep_until(SteadyTime::min());  // takes part from here
    const Finding finding = verifier->verify({*Address::parse("u@example.org"), "", clock.now() + 8s});
    EXPECT_EQ(finding.verdict, Verdict::late);
    EXPECT_LT(clock.elapsed(), 8s);
    own.reset();
  });
  here->sleep_until(clock.now() + 1s);
  verifier->drain();
  client.join();
  EXPECT_EQ(ask_one("other@example.org").verdict, Verdict::late);
}

/// One of several fallback MXs that share what they know.
class SharingVerifierTest : public VerifierTest {
 protected:
  SharingVerifierTest() {
    auto memory = std::make_unique<TalkativeStore>();
    others = memory.get();
    start(std::move(memory));
  }
  std::string verdict(const std::string& address) { return std::string(to_string(ask_one(address).verdict)); }
  void pass(std::chrono::seconds time) { here->sleep_until(clock.now() + time); }

  TalkativeStore* others;
};

TEST_F(SharingVerifierTest, NobodyWaitsForAPrimaryThatIsDownForAnother) {
  ASSERT_TRUE(primary->change("drop"));
  others->others_say(ServerWord{false, "fallback2.example.org: timed out"});
  for (int i = 0; i < 3; ++i) {
    const SteadyTime begun = clock.now();
    EXPECT_EQ(verdict("user@example.org"), "unavailable");
    EXPECT_EQ(finished, begun);
  }
  pass(85s);
  EXPECT_GE(primary->record().knocks, 7U) << "its own trial at once, then at growing distances";
  EXPECT_LE(primary->record().knocks, 11U) << "each up to a tenth earlier";
  EXPECT_EQ(warnings(),
            "primary mx1.example.org[192.0.2.1]:25 is down, says fallback2.example.org: timed out; it is "
            "tried at once\n");
  EXPECT_NE(others->said().find("192.0.2.1:25 is down, "), std::string::npos);
}

TEST_F(SharingVerifierTest, AHundredClientsAtTheMomentOfATrialMakeOneKnockAndNoThreadsInALoop) {
  ASSERT_TRUE(primary->change("drop"));
  others->others_say(ServerWord{false, "fallback2.example.org: timed out"});  // so that its trial is due
  std::vector<std::string> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back("user" + std::to_string(i) + "@example.org");
  const SteadyTime begun = clock.now();
  for (const Finding& finding : ask(crowd))
    EXPECT_EQ(to_string(finding.verdict), "unavailable") << finding.why;
  EXPECT_EQ(finished, begun) << "nobody waits for a dead primary";
  pass(4s);
  EXPECT_EQ(primary->record().knocks, 1U);
}

TEST_F(SharingVerifierTest, ALivePrimaryLooksDeadNoLongerThanItsOwnTrialTakes) {
  others->others_say(ServerWord{false, "liar"});
  EXPECT_EQ(verdict("nobody@example.org"), "unavailable");
  pass(1s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(verdict("nobody" + std::to_string(i) + "@example.org"), "undeliverable");
    pass(31s);
  }
}

TEST_F(SharingVerifierTest, ADeadPrimaryIsTriedBeforeItsTimeWhenAnotherReachesIt) {
  ASSERT_TRUE(primary->change("refuse"));
  for (int i = 0; i < 3; ++i) verdict("user@example.org");
  EXPECT_NE(others->said().find("192.0.2.1:25 is down, "), std::string::npos);
  pass(400s);
  ASSERT_TRUE(primary->change("accept"));
  EXPECT_EQ(verdict("user@example.org"), "unavailable") << "its next trial is some minutes away";
  others->others_say(ServerWord{true, "fallback2.example.org"});
  pass(40s);
  EXPECT_EQ(verdict("user@example.org"), "deliverable");
  EXPECT_TRUE(others->said().ends_with("192.0.2.1:25 is up,  (30 s)\n"));
}

TEST_F(SharingVerifierTest, TheEndOfAnOutageIsNoticedThoughAnotherHasAskedAboutEverybodyWhoWaits) {
  ASSERT_TRUE(primary->change("refuse"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(verdict("user@example.org"), "unavailable");
  const WallTime now = clock.wall() + 1s;
  others->put(Address::parse("user@example.org")->key(),
              {.verdict = Verdict::deliverable, .code = 250, .asked = now, .last_yes = now});
  ASSERT_TRUE(primary->change("accept"));
  pass(settings.primary_retry_time * 3);
  EXPECT_EQ(verdict("nobody@example.org"), "undeliverable")
      << "never asked about: not accepted for an outage that is over";
}

TEST_F(VerifierTest, ADisabledPrimaryIsNotAskedUntilItIsEnabled) {
  start();
  ask_one("somebody@example.org");
  ASSERT_EQ(verifier->primaries().front().sessions, 1u);
  const std::string mx1 = verifier->primaries().front().key;
  verifier->steer(mx1, Verifier::Wish::disable);
  const SteadyTime begun = clock.now();
  const Finding finding = ask_one("other@example.org");
  EXPECT_EQ(to_string(finding.verdict), "unavailable") << finding.why;
  EXPECT_NE(finding.why.find("is disabled"), std::string::npos) << finding.why;
  EXPECT_EQ(finished - begun, 0ms) << "nobody waits for it";
  here->sleep_until(clock.now() + 1h);
  const PrimaryState disabled = verifier->primaries().front();
  EXPECT_TRUE(disabled.disabled);
  EXPECT_EQ(disabled.state, Health::State::down);
  EXPECT_FALSE(disabled.next_trial);
  EXPECT_EQ(disabled.sessions, 0u);
  EXPECT_EQ(primary->record().count("RCPT TO:<other@example.org>"), 0u) << "not even in the background";
  verifier->steer(mx1, Verifier::Wish::enable);
  EXPECT_EQ(to_string(ask_one("third@example.org").verdict), "deliverable");
  EXPECT_FALSE(verifier->primaries().front().disabled);
}

TEST_F(VerifierTest, APrimaryThatIsResetIsAskedAtOnce) {
  network.serve("192.0.2.1", 25, nullptr);
  settings.primary_down_after = 1;
  start();
  ask_one("somebody@example.org");
  network.serve("192.0.2.1", 25, primary);
  EXPECT_EQ(to_string(ask_one("other@example.org").verdict), "unavailable") << "its trial is not due";
  verifier->steer("192.0.2.1:25", Verifier::Wish::reset);
  EXPECT_EQ(to_string(ask_one("third@example.org").verdict), "deliverable");
}

/// What is noted outlives the store, as in a file.
class NotingStore final : public ForwardingStore {
 public:
  using Notes = std::map<std::string, Note>;
  explicit NotingStore(Notes& notes) : ForwardingStore(make_memory_store()), notes_(notes) {}

  void note(const std::string& key, std::optional<std::string> value, WallTime now) override {
    const std::lock_guard lock(mutex_);
    notes_.erase(key);
    if (value) notes_[key] = {key, *std::move(value), now};
  }
  std::vector<Note> notes(std::size_t) override {
    const std::lock_guard lock(mutex_);
    std::vector<Note> all;
    for (const auto& [key, note] : notes_) all.push_back(note);
    return all;
  }

 private:
  std::mutex mutex_;
  Notes& notes_;
};

TEST_F(VerifierTest, ARestartInAnOutageForgetsNothingThatCostsAClientItsTime) {
  NotingStore::Notes kept;
  ASSERT_TRUE(primary->change("drop"));
  start(std::make_unique<NotingStore>(kept));
  SteadyTime begun = clock.now();
  EXPECT_EQ(to_string(ask_one("a@example.org").verdict), "unavailable");
  EXPECT_EQ(finished - begun, 5s) << "the one that finds out";
  verifier->accepted_unverified({.server = "192.0.2.1:25"});
  verifier->accepted_unverified({.server = "192.0.2.1:25"});
  EXPECT_EQ(verifier->primaries().front().cost.unverified, 2U);
  here->sleep_until(clock.now() + 1min);

  verifier.reset();
  start(std::make_unique<NotingStore>(kept));
  begun = clock.now();
  const Finding finding = ask_one("b@example.org");
  EXPECT_EQ(to_string(finding.verdict), "unavailable");
  EXPECT_EQ(finished - begun, 0s) << finding.why;
  const PrimaryState state = verifier->primaries().front();
  EXPECT_EQ(state.state, Health::State::down);
  EXPECT_GE(clock.wall() - state.since, 1min) << "as long as it is";
  EXPECT_EQ(state.cost.longest_wait, 5s);
  EXPECT_EQ(state.cost.unverified, 2U);

  ASSERT_TRUE(primary->change("accept"));
  here->sleep_until(clock.now() + 31s);
  EXPECT_EQ(to_string(ask_one("no@example.org").verdict), "undeliverable") << "and its trials are made";
  EXPECT_EQ(kept.at("server 192.0.2.1:25").value, "1 takes-first-sender") << "it is well";
}

TEST_F(VerifierTest, ARestartLongAfterAnOutageAsksThePrimary) {
  NotingStore::Notes kept;
  ASSERT_TRUE(primary->change("drop"));
  start(std::make_unique<NotingStore>(kept));
  EXPECT_EQ(to_string(ask_one("a@example.org").verdict), "unavailable");
  verifier.reset();
  here->sleep_until(clock.now() + 6min);
  ASSERT_TRUE(primary->change("accept"));
  start(std::make_unique<NotingStore>(kept));
  EXPECT_EQ(to_string(ask_one("no@example.org").verdict), "undeliverable");
}

TEST_F(VerifierTest, WhatWasLearnedOfAServerOutlivesTheProcess) {
  NotingStore::Notes kept;
  settings.probe_session_idle_time = 1s;
  ASSERT_TRUE(primary->change("RCPT TO:<user@*>     503 5.5.1 one at a time   when pipelined"));
  start(std::make_unique<NotingStore>(kept));
  EXPECT_EQ(to_string(ask_one("user@example.org").verdict), "deliverable");
  EXPECT_GT(primary->record().connections, 1U) << "the first one was pipelined";
  const std::string note = kept.at("server 192.0.2.1:25").value;
  EXPECT_EQ(note, "1 no-pipelining takes-first-sender");
  verifier.reset();
  const auto before = primary->record().connections;
  start(std::make_unique<NotingStore>(kept));
  EXPECT_EQ(to_string(ask_one("user@example.org").verdict), "deliverable");
  EXPECT_EQ(primary->record().connections, before + 1);
}

}  // namespace
}  // namespace fallbackmx
