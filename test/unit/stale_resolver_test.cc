#include "probe/verifier/stale_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probe/base/metrics.h"
#include "probe/store/store.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/loop_here.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Status = DnsAnswer::Status;

/// example.org with one MX host, looked up as for a route.
class StaleResolverTest : public testing::Test {
 protected:
  StaleResolverTest() {
    dns.add("example.org MX 10 mx1.example.org");
    dns.add("mx1.example.org A 192.0.2.1");
    dns.add("mx1.example.org AAAA 2001:db8::1");
  }

  std::unique_ptr<StaleResolver> make() {
    return std::make_unique<StaleResolver>(Services{clock, dns, streams, *store, log, metrics, here.loop},
                                           7 * 24h, store->notes(most_notes));
  }
  DnsAnswer mx(const std::string& name = "example.org") {
    return resolver->lookup(name, RecordType::mx, clock.now() + 4s);
  }
  std::vector<DnsAnswer> addresses(const std::string& host = "mx1.example.org") {
    const Lookup both[] = {{host, RecordType::a}, {host, RecordType::aaaa}};
    return resolver->lookup_all(both, clock.now() + 4s);
  }
  void pass(std::chrono::seconds time) { clock.sleeper()->sleep_until(clock.now() + time); }
  void fail(const std::string& how) {
    dns.add("example.org " + how);
    dns.add("mx1.example.org " + how);
  }
  SteadyTime::duration took(const std::function<void()>& act) {
    const SteadyTime begin = clock.now();
    act();
    return clock.now() - begin;
  }

  Simulation clock;
  LoopHere here{clock};
  FakeResolver dns{clock};
  MemoryStreamFactory streams{clock};
  TemporaryDirectory place;
  std::vector<std::string> lines;
  Log log{[this](LogLevel, std::string_view line) { lines.emplace_back(line); }, LogLevel::warning};
  Metrics metrics;
  std::unique_ptr<Store> store = make_memory_store();
  std::unique_ptr<StaleResolver> resolver = make();
};

TEST_F(StaleResolverTest, WhatTheDnsSaysPassesAsItIs) {
  const DnsAnswer answer = mx();
  EXPECT_EQ(answer.status, Status::ok);
  EXPECT_FALSE(answer.stale);
  EXPECT_FALSE(addresses()[0].stale);
  EXPECT_EQ(mx("gone.example").status, Status::nx_domain);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(StaleResolverTest, AFailureIsAnsweredByTheLastAnswer) {
  mx();
  addresses();
  fail("SERVFAIL");
  pass(24h);
  const DnsAnswer answer = mx("Example.ORG");
  EXPECT_EQ(answer.status, Status::ok);
  EXPECT_EQ(answer.mx.front().host, "mx1.example.org");
  EXPECT_TRUE(answer.stale);
  EXPECT_FALSE(answer.authentic);
  EXPECT_THAT(answer.why, HasSubstr("example.org MX: SERVFAIL; its answer of "));
  for (const DnsAnswer& each : addresses()) EXPECT_TRUE(each.stale);
  EXPECT_EQ(mx("other.example").status, Status::nx_domain) << "nothing is remembered of it";
}

TEST_F(StaleResolverTest, AWeekLaterItIsTooOld) {
  mx();
  fail("SERVFAIL");
  pass(7 * 24h);
  EXPECT_EQ(mx().status, Status::ok);
  pass(1s);
  EXPECT_EQ(mx().status, Status::temporary);
}

TEST_F(StaleResolverTest, ADnsThatIsAliveEndsIt) {
  for (const char* word : {"NXDOMAIN", ""}) {
    dns.remove("example.org");
    dns.add("example.org MX 10 mx1.example.org");
    mx();
    dns.remove("example.org");
    if (*word != '\0') dns.add("example.org NXDOMAIN");
    EXPECT_NE(mx().status, Status::ok) << "gone";
    dns.add("example.org SERVFAIL");
    EXPECT_NE(mx().mx.size(), 1u) << "what was before that is forgotten";
  }
}

TEST_F(StaleResolverTest, ThatThereAreNoMxRecordsIsRememberedAndThatThereAreNoAddressesIsNot) {
  dns.add("host.example A 192.0.2.7");
  EXPECT_EQ(mx("host.example").status, Status::no_data);
  addresses("host.example");
  dns.add("host.example SERVFAIL");
  EXPECT_EQ(mx("host.example").status, Status::no_data) << "its own address is the one to go to";
  EXPECT_TRUE(mx("host.example").stale);
  const auto both = addresses("host.example");
  EXPECT_TRUE(both[0].stale);
  EXPECT_EQ(both[1].status, Status::temporary);
}

TEST_F(StaleResolverTest, AHostWithFreshAddressesOfOneKindNeedsNoOldOnesOfTheOther) {
  addresses();
  dns.add("mx1.example.org SERVFAIL AAAA");
  const auto both = addresses();
  EXPECT_FALSE(both[0].stale);
  EXPECT_EQ(both[1].status, Status::temporary);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(StaleResolverTest, ASilentDnsCostsOneWaitForTheDomainAndItsHosts) {
  mx();
  addresses();
  fail("TIMEOUT");
  EXPECT_EQ(took([&] { EXPECT_TRUE(mx().stale); }), StaleResolver::patience);
  EXPECT_EQ(took([&] { EXPECT_TRUE(addresses()[0].stale); }), 0s) << "the same name servers have those";
  EXPECT_EQ(took([&] { EXPECT_TRUE(mx().stale); }), 0s);
  EXPECT_EQ(took([&] { mx("other.example"); }), 0s);
}

TEST_F(StaleResolverTest, WithoutALastAnswerTheDnsIsWaitedForAsLongAsEver) {
  dns.add("new.example TIMEOUT");
  EXPECT_EQ(took([&] { EXPECT_EQ(mx("new.example").status, Status::temporary); }), 4s);
}

TEST_F(StaleResolverTest, ACoroutineIsToldTheSame) {
  mx();
  fail("SERVFAIL");
  const auto asked = [this]() -> Task<DnsAnswer> {
    DnsAnswer answer = co_await resolver->ask(here.loop, "example.org", RecordType::mx, clock.now() + 4s);
    co_return answer;
  };
  EXPECT_TRUE(here.run(asked()).stale);
}

TEST_F(StaleResolverTest, KeysPassAsTheyAre) {
  dns.add("_25._tcp.mx1.example.org TLSA 3 1 1 0a0b");
  const auto keys = [&] {
    return resolver->lookup("_25._tcp.mx1.example.org", RecordType::tlsa, clock.now() + 4s);
  };
  EXPECT_EQ(keys().status, Status::ok);
  dns.add("_25._tcp.mx1.example.org SERVFAIL");
  EXPECT_EQ(keys().status, Status::temporary);
}

TEST_F(StaleResolverTest, SwitchedOffItDoesNothing) {
  mx();
  resolver->keep_for(0s);
  fail("SERVFAIL");
  EXPECT_EQ(mx().status, Status::temporary);
}

TEST_F(StaleResolverTest, TheLogSaysWhenItBeginsAndWhenItEnds) {
  mx();
  addresses();
  fail("SERVFAIL");
  for (int i = 0; i < 3; ++i) {
    mx();
    addresses();
    pass(20s);
  }
  ASSERT_EQ(lines.size(), 2u) << "one for each name";
  EXPECT_THAT(lines[0], HasSubstr("dns-stale name=example.org type=MX why=\"example.org MX: SERVFAIL; "));
  EXPECT_THAT(lines[1], HasSubstr("dns-stale name=mx1.example.org type=A"));
  const auto names = resolver->names();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].since, clock.wall() - 60s);
  EXPECT_EQ(names[0].lately, clock.wall() - 20s);
  lines.clear();
  dns.remove("example.org");
  dns.remove("mx1.example.org");
  dns.add("example.org MX 10 mx2.example.org");
  dns.add("mx1.example.org A 192.0.2.1");
  mx();
  EXPECT_THAT(lines, ElementsAre("dns-back name=example.org after=60"));
  addresses();
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_THAT(resolver->names(), IsEmpty());
}

TEST_F(StaleResolverTest, ADnsThatComesAndGoesIsSaidOnceInTenMinutes) {
  for (int i = 0; i < 5; ++i) {
    dns.remove("example.org");
    dns.add("example.org MX 10 mx1.example.org");
    mx();
    dns.add("example.org SERVFAIL");
    mx();
  }
  EXPECT_EQ(lines.size(), 2u) << "one beginning, one end";
}

TEST_F(StaleResolverTest, ARestartForgetsNothing) {
  store = *open_sqlite_store(place / "verify.db", log);
  resolver = make();
  mx();
  addresses();
  pass(1h);
  dns.add("gone.example MX 10 mx1.example.org");
  mx("gone.example");
  dns.remove("gone.example");
  mx("gone.example");
  resolver.reset();
  store.reset();
  store = *open_sqlite_store(place / "verify.db", log);
  resolver = make();
  fail("SERVFAIL");
  dns.add("gone.example SERVFAIL");
  EXPECT_TRUE(mx().stale);
  EXPECT_EQ(mx().mx.front().host, "mx1.example.org");
  EXPECT_EQ(addresses()[0].addresses.front().to_string(), "192.0.2.1");
  EXPECT_EQ(mx("gone.example").status, Status::temporary) << "the DNS said that it is gone";
}

TEST_F(StaleResolverTest, RubbishInTheStoreIsNotThere) {
  store = *open_sqlite_store(place / "verify.db", log);
  store->note("dns example.org MX", "1 nonsense", clock.wall());
  store->note("dns \x01\xff MX", "1 1 - 10 mx1.example.org", clock.wall());
  store->note("something else", "entirely", clock.wall());
  store->note("dns mx1.example.org A", "1 8999999999 - 192.0.2.9", clock.wall());
  store->clean_up(clock.wall(), default_settings(), 1000);
  resolver = make();
  fail("SERVFAIL");
  EXPECT_EQ(mx().status, Status::temporary);
  EXPECT_EQ(addresses()[0].addresses.front().to_string(), "192.0.2.9");
  pass(7 * 24h + 1s);
  EXPECT_EQ(addresses()[0].status, Status::temporary) << "it was not from the future for long";
}

}  // namespace
}  // namespace fallbackmx
