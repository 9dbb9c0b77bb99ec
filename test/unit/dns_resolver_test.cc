#include "probe/dns/dns_resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "probe/dns/configured_resolver.h"
#include "test/fake/dns_server.h"
#include "test/fake/jump_clock.h"

namespace fallbackmx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Manner = DnsServer::Manner;
using Status = DnsAnswer::Status;

class DnsResolverTest : public testing::Test {
 protected:
  DnsAnswer ask(const std::string& name, RecordType type = RecordType::mx, milliseconds time = seconds(30)) {
    return resolver_.lookup(name, type, clock_.now() + time);
  }

  /// `ok`, or the sentence.
  std::string show(DnsAnswer answer) {
    if (answer.status == Status::ok) return "ok";
    const std::string address = server_.address().text();
    if (auto at = answer.why.find(address); at != std::string::npos)
      answer.why.replace(at, address.size(), "ns");
    static const char* statuses[] = {"ok", "no_data", "nx_domain", "temporary"};
    return std::string(statuses[static_cast<int>(answer.status)]) + ": " + answer.why;
  }

  void mx(const std::string& name, bool ad = false) {
    server_.on(name + " MX", {.reply = {.ad = ad, .answer = {name + " MX 10 mx1.example.org"}}});
  }

  JumpClock clock_;
  DnsServer server_;
  std::shared_ptr<ResolvConf> conf_ = [this] {
    auto conf = std::make_shared<ResolvConf>();
    conf->servers = {server_.address()};
    conf->timeout = seconds(20);
    return conf;
  }();
  std::atomic<bool> trusted_ = true;
  LoopThread loop_{clock_};
  DnsResolver resolver_{loop_, [this] { return conf_; },
                        [this](const IpAddress&) { return trusted_.load(); }};
};

TEST_F(DnsResolverTest, AnAnswerHasAllThatWasFound) {
  server_.on("example.org MX", {{.answer = {"example.org 60 CNAME b.example", "b.example MX 20 mx2.example",
                                            "b.example MX 10 mx1.example"}}});
  const auto answer = ask("Example.ORG");
  EXPECT_EQ(show(answer), "ok");
  EXPECT_EQ(answer.mx, (std::vector<MxRecord>{{20, "mx2.example"}, {10, "mx1.example"}}));
  EXPECT_EQ(answer.canonical, "b.example");
  EXPECT_EQ(answer.ttl, seconds(60));
}

TEST_F(DnsResolverTest, EveryUnhappyAnswerIsASentence) {
  server_.on("gone.example MX", {{.rcode = 3, .authority = {"example SOA 60"}}});
  server_.on("empty.example MX", {{.authority = {"example SOA 60"}}});
  server_.on("alias.example MX", {{.rcode = 3, .answer = {"alias.example CNAME gone.example"}}});
  server_.on("loop.example MX", {{.answer = {"loop.example CNAME loop.example"}}});
  server_.on("broken.example MX", {{.rcode = 2}});
  const struct {
    const char *name, *want;
  } table[] = {
      {"gone.example", "nx_domain: gone.example MX: no such name (NXDOMAIN), says ns"},
      {"empty.example", "no_data: empty.example MX: no such record (NODATA), says ns"},
      {"alias.example",
       "nx_domain: alias.example MX (alias of gone.example): no such name (NXDOMAIN), says ns"},
      {"loop.example", "nx_domain: loop.example MX: more than 10 CNAME records, or a loop of them, says ns"},
      {"broken.example", "temporary: broken.example MX: SERVFAIL from ns"},
  };
  for (const auto& row : table) EXPECT_EQ(show(ask(row.name)), row.want);
}

TEST_F(DnsResolverTest, WhatIsNoHostNameIsNotAskedFor) {
  const std::string too_long = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                               std::string(63, 'c') + "." + std::string(62, 'd');
  for (const std::string& name :
       {std::string(""), std::string("192.0.2.1"), std::string("4711"), std::string("example.org."),
        std::string("a b.example"), std::string("-a.example"), std::string("a\nb.example"), too_long}) {
    const auto answer = ask(name);
    EXPECT_EQ(answer.status, Status::nx_domain) << name;
    EXPECT_EQ(answer.why.find('\n'), std::string::npos);
  }
  EXPECT_EQ(server_.questions(), 0u);
}

TEST_F(DnsResolverTest, ALabelMayBeginWithAnUnderscore) {
  server_.on("_25._tcp.mx1.example.org TLSA", {{.answer = {"_25._tcp.mx1.example.org TLSA 3 1 1 0a0b"}}});
  const auto answer = ask("_25._tcp.mx1.example.org", RecordType::tlsa);
  ASSERT_EQ(answer.tlsa.size(), 1u);
  EXPECT_EQ(answer.tlsa[0].data, "\x0a\x0b");
}

TEST_F(DnsResolverTest, TheWordOfAnUntrustedServerIsNotAuthentic) {
  mx("signed.example", true);
  mx("other.example", true);
  mx("unsigned.example");
  EXPECT_TRUE(ask("signed.example").authentic);
  EXPECT_FALSE(ask("unsigned.example").authentic);
  trusted_ = false;
  EXPECT_FALSE(ask("other.example").authentic);
}

TEST_F(DnsResolverTest, AnAnswerIsAskedForOnceInItsTime) {
  mx("example.org");
  ask("example.org");
  ask("EXAMPLE.org");
  EXPECT_EQ(server_.questions(), 1u);
  ask("example.org", RecordType::a);
  EXPECT_EQ(server_.questions(), 2u) << "another type is another question";
  clock_.jump(seconds(301));
  ask("example.org");
  EXPECT_EQ(server_.questions(), 3u);
}

TEST_F(DnsResolverTest, WhatWasAskedForIsAtHandInItsTime) {
  mx("example.org");
  EXPECT_FALSE(resolver_.at_hand("example.org", RecordType::mx));
  const auto answer = ask("example.org");
  ASSERT_TRUE(resolver_.at_hand("EXAMPLE.org", RecordType::mx));
  EXPECT_EQ(resolver_.at_hand("example.org", RecordType::mx)->mx, answer.mx);
  EXPECT_FALSE(resolver_.at_hand("example.org", RecordType::a));
  clock_.jump(seconds(301));
  EXPECT_FALSE(resolver_.at_hand("example.org", RecordType::mx));
  EXPECT_EQ(resolver_.at_hand("no_host_.-", RecordType::mx)->status, Status::nx_domain) << "nobody is asked";
  EXPECT_EQ(server_.questions(), 1u);
}

TEST_F(DnsResolverTest, AFailureIsForgottenAfterASecond) {
  server_.on("example.org MX", {{.rcode = 2}});
  server_.on("example.org MX", {{.answer = {"example.org MX 10 mx1.example.org"}}});
  EXPECT_EQ(ask("example.org").status, Status::temporary);
  clock_.jump(seconds(1));
  EXPECT_EQ(show(ask("example.org")), "ok");
}

TEST_F(DnsResolverTest, AFailureIsRememberedForTwiceAsLongEachTime) {
  for (int i = 0; i < 4; ++i) server_.on("example.org MX", {{.rcode = 2}});
  mx("example.org");
  for (const int kept : {1, 2, 4, 8}) {
    EXPECT_EQ(ask("example.org").status, Status::temporary);
    const auto asked = server_.questions();
    clock_.jump(seconds(kept) - milliseconds(500));
    EXPECT_EQ(ask("example.org").status, Status::temporary);
    EXPECT_EQ(server_.questions(), asked) << "within " << kept << " s nobody is asked again";
    clock_.jump(milliseconds(600));
  }
  EXPECT_EQ(show(ask("example.org")), "ok");
}

/// The name servers of a domain that is down would cost each of its clients the same time.
TEST_F(DnsResolverTest, ASilentNameServerCostsOneClientItsTimeAndTheNextNone) {
  conf_->timeout = seconds(1);
  conf_->attempts = 1;
  for (int i = 0; i < 2; ++i) server_.on("example.org MX", {.manner = Manner::silent});
  mx("example.org");
  EXPECT_EQ(ask("example.org").status, Status::temporary);
  clock_.jump(seconds(2));
  const auto begun = clock_.now();
  EXPECT_EQ(ask("example.org").status, Status::temporary);
  EXPECT_LT(clock_.now() - begun, milliseconds(500)) << "it is asked again, and not waited for";
  while (server_.questions() < 2) std::this_thread::yield();
  clock_.jump(milliseconds(1100));
  while (!resolver_.at_hand("example.org", RecordType::mx)) std::this_thread::yield();
  clock_.jump(seconds(61));
  EXPECT_EQ(show(ask("example.org")), "ok") << "a minute later a client waits again";
}

/// A sender's domain is looked up by MX, A and AAAA, one after the other.
TEST_F(DnsResolverTest, ANameServerThatIsSilentAboutMxIsNotWaitedForAboutTheRestOfTheName) {
  conf_->timeout = seconds(1);
  conf_->attempts = 1;
  for (const char* question : {"example.org MX", "example.org A", "example.org AAAA"}) {
    for (int i = 0; i < 2; ++i) server_.on(question, {.manner = Manner::silent});
  }
  EXPECT_EQ(ask("example.org").status, Status::temporary);
  const auto begun = clock_.now();
  EXPECT_EQ(ask("example.org", RecordType::a).status, Status::temporary);
  EXPECT_EQ(ask("example.org", RecordType::aaaa).status, Status::temporary);
  EXPECT_LT(clock_.now() - begun, milliseconds(500));
  server_.wait_for_questions(3);
}

TEST_F(DnsResolverTest, WhatIsAskedAheadIsAtHandLater) {
  mx("example.org");
  resolver_.ask_ahead("EXAMPLE.org", RecordType::mx);
  while (!resolver_.at_hand("example.org", RecordType::mx)) std::this_thread::yield();
  resolver_.ask_ahead("example.org", RecordType::mx);
  resolver_.ask_ahead("no_host_.-", RecordType::mx);
  EXPECT_EQ(show(ask("example.org")), "ok");
  EXPECT_EQ(server_.questions(), 1u);
}

TEST_F(DnsResolverTest, WhoHadNoTimeSpoilsNothingForOthers) {
  server_.on("example.org MX", {.manner = Manner::silent});
  server_.on("example.org MX", {{.answer = {"example.org MX 10 mx1.example.org"}}});
  EXPECT_EQ(ask("example.org", RecordType::mx, milliseconds(20)).status, Status::temporary);
  EXPECT_EQ(show(ask("example.org")), "ok");
}

TEST_F(DnsResolverTest, AnAliasThatLeavesThePacketIsAskedForInItsTurn) {
  server_.on("example.org MX", {{.ad = true, .answer = {"example.org 40 CNAME b.example"}}});
  mx("b.example");
  const auto answer = ask("example.org");
  EXPECT_EQ(show(answer), "ok");
  EXPECT_EQ(answer.canonical, "b.example");
  EXPECT_EQ(answer.ttl, seconds(40));
  EXPECT_FALSE(answer.authentic) << "the second answer was not";
  server_.on("c.example MX", {{.answer = {"c.example CNAME broken.example"}}});
  EXPECT_EQ(show(ask("c.example")), "temporary: c.example MX (alias of broken.example): SERVFAIL from ns");
}

TEST_F(DnsResolverTest, ALoopOverSeveralPacketsEnds) {
  server_.on("a.example MX", {{.answer = {"a.example CNAME b.example"}}});
  server_.on("b.example MX", {{.answer = {"b.example CNAME a.example"}}});
  EXPECT_EQ(ask("a.example").status, Status::nx_domain);
  EXPECT_LE(server_.questions(), 11u);
}

TEST_F(DnsResolverTest, ManyWhoAskTheSameCostOneQuestion) {
  mx("example.org");
  server_.hold();
  std::vector<std::future<DnsAnswer>> askers;
  for (int i = 0; i < 8; ++i)
    askers.push_back(std::async(std::launch::async, [this] { return ask("example.org"); }));
  server_.wait_for_questions(1);
  server_.release();
  for (auto& each : askers) EXPECT_EQ(show(each.get()), "ok");
  EXPECT_EQ(server_.questions(), 1u);
}

TEST_F(DnsResolverTest, WhoWaitsForAnothersAnswerLeavesAtHisOwnDeadline) {
  mx("example.org");
  server_.hold();
  auto patient = std::async(std::launch::async, [this] { return ask("example.org"); });
  server_.wait_for_questions(1);
  EXPECT_EQ(show(ask("example.org", RecordType::mx, milliseconds(20))),
            "temporary: example.org MX: no answer in time");
  server_.release();
  EXPECT_EQ(show(patient.get()), "ok");
  EXPECT_EQ(server_.questions(), 1u);
}

TEST_F(DnsResolverTest, WhoHasMoreTimeThanTheOneHeWaitedForAsksAgain) {
  server_.on("example.org MX", {.manner = Manner::silent});
  server_.on("example.org MX", {.manner = Manner::silent});  // asked without EDNS
  server_.on("example.org MX", {{.answer = {"example.org MX 10 mx1.example.org"}}});
  auto hasty =
      std::async(std::launch::async, [this] { return ask("example.org", RecordType::mx, seconds(1)); });
  server_.wait_for_questions(1);
  EXPECT_EQ(show(ask("example.org")), "ok");
  EXPECT_EQ(hasty.get().status, Status::temporary);
}

TEST_F(DnsResolverTest, SeveralQuestionsAreAskedAtTheSameTime) {
  mx("known.example");
  ask("known.example");
  std::vector<Lookup> lookups = {{"Known.example", RecordType::mx}, {"-bad", RecordType::a}};
  for (int i = 0; i < 15; ++i) {
    mx("d" + std::to_string(i) + ".example");
    lookups.push_back({"d" + std::to_string(i) + ".example", RecordType::mx});
  }
  server_.hold();
  auto asker = std::async(std::launch::async,
                          [&] { return resolver_.lookup_all(lookups, clock_.now() + seconds(30)); });
  server_.wait_for_questions(1 + 15);
  server_.release();
  const auto answers = asker.get();
  ASSERT_EQ(answers.size(), lookups.size());
  EXPECT_EQ(answers[0].canonical, "known.example");
  EXPECT_EQ(show(answers[1]), "nx_domain: -bad A: not a valid host name");
  for (std::size_t i = 2; i < answers.size(); ++i) EXPECT_EQ(answers[i].canonical, lookups[i].name);
}

TEST_F(DnsResolverTest, MoreQuestionsThanCanBeAskedAtOnceAreAskedInTurn) {
  std::vector<Lookup> lookups;
  for (int i = 0; i < 100; ++i) {
    mx("d" + std::to_string(i) + ".example");
    lookups.push_back({"d" + std::to_string(i) + ".example", RecordType::mx});
  }
  const auto answers = resolver_.lookup_all(lookups, clock_.now() + seconds(30));
  ASSERT_EQ(answers.size(), lookups.size());
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].canonical, lookups[i].name);
}

TEST_F(DnsResolverTest, AServerThatDropsQuestionsAboutIpv6CostsNobodyHisTime) {
  const std::vector<Lookup> lookups = {{"mx1.example.org", RecordType::a},
                                       {"mx1.example.org", RecordType::aaaa}};
  server_.on("mx1.example.org A", {{.answer = {"mx1.example.org A 192.0.2.1"}}});
  server_.on("mx1.example.org AAAA", {.manner = Manner::silent});
  server_.on("mx1.example.org AAAA", {{.answer = {"mx1.example.org AAAA 2001:db8::1"}}});
  const SteadyTime deadline = clock_.now() + seconds(20);
  const auto answers = resolver_.lookup_all(lookups, deadline);
  EXPECT_LT(clock_.now(), deadline);
  EXPECT_EQ(show(answers[0]), "ok");
  EXPECT_EQ(
      show(answers[1]),
      "temporary: mx1.example.org AAAA: no answer in time; not waited for any longer, as the host's other "
      "addresses are known");
  clock_.jump(seconds(20));
  while (!resolver_.at_hand("mx1.example.org", RecordType::aaaa)) std::this_thread::yield();
  clock_.jump(seconds(61));
  EXPECT_EQ(show(resolver_.lookup_all(lookups, clock_.now() + seconds(20))[1]), "ok")
      << "nothing was learned, so it is asked again";
}

TEST_F(DnsResolverTest, ManyThreadsAskManyThings) {
  conf_->timeout = std::chrono::hours(24);  // the clock is moved while others wait
  for (int i = 0; i < 10; ++i) mx("d" + std::to_string(i) + ".example");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = "d" + std::to_string((i * 7 + t) % 10) + ".example";
        if (i % 25 == 24) clock_.jump(seconds(400));
        if (ask(name, RecordType::mx, seconds(3600 * 24)).status == Status::ok) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

TEST(MakeResolver, AsksTheServersOfTheParameters) {
  DnsServer server;
  server.on("example.org MX", {{.ad = true, .answer = {"example.org MX 10 mx1.example.org"}}});
  SystemClock clock;
  LoopThread loop(clock);
  Settings settings = default_settings();
  settings.resolver = {server.address().text()};
  EXPECT_TRUE(make_resolver(settings, loop)
                  ->lookup("example.org", RecordType::mx, clock.now() + seconds(30))
                  .authentic)
      << "the loopback is trusted by default";
  settings.trusted_resolver = *NetworkList::parse("192.0.2.0/24");
  const auto answer =
      make_resolver(settings, loop)->lookup("example.org", RecordType::mx, clock.now() + seconds(30));
  EXPECT_EQ(answer.status, Status::ok);
  EXPECT_FALSE(answer.authentic);
}

}  // namespace
}  // namespace fallbackmx
