#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/scenario/scenario.h"
#include "test/scenario/step_reader.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Scenario, IsAWorldAndWhatHappensInIt) {
  const auto scenario = Scenario::parse("x.scn", R"(# a comment
name     an example
player   memory
rtt      2ms
allow    strays
set      soft_bounce = yes
zone     example.org      MX 10 mx1.example.org   # and another
server   mx1.example.org   port 2525
  greet   220 mx1 #1 ESMTP
  *       250 ok

at 5s    expect log "a thing" = 1
at 0s    rcpt a@example.org -> continue
)");
  ASSERT_TRUE(scenario) << scenario.error();
  EXPECT_EQ(scenario->name, "an example");
  EXPECT_TRUE(scenario->in_memory_only);
  EXPECT_EQ(scenario->round_trip, 2ms);
  EXPECT_THAT(scenario->allowances, ElementsAre(Scenario::Allowance::strays));
  EXPECT_THAT(scenario->settings, ElementsAre("soft_bounce = yes"));
  EXPECT_THAT(scenario->zone, ElementsAre(Pair(7, "example.org      MX 10 mx1.example.org")));
  ASSERT_EQ(scenario->servers.size(), 1U);
  EXPECT_EQ(scenario->servers[0].name, "mx1.example.org");
  EXPECT_EQ(scenario->servers[0].port, 2525);
  EXPECT_THAT(scenario->servers[0].lines,
              ElementsAre(Pair(9, "greet   220 mx1"), Pair(10, "*       250 ok")));
  ASSERT_EQ(scenario->steps.size(), 2U);
  EXPECT_EQ(scenario->steps[0].line, 13U);
  EXPECT_EQ(scenario->steps[1].at, 5s);
}

TEST(Scenario, EveryErrorIsToldWithItsLine) {
  const auto scenario =
      Scenario::parse("x.scn", "nonsense here\n  indented\nat soon rcpt a@b -> continue\nset\n");
  ASSERT_FALSE(scenario);
  for (const auto* want :
       {"x.scn:1: ", "x.scn:2: only the lines of a server", "x.scn:3: 'soon' is no time",
        "x.scn:4: something is missing after 'set'", "a scenario has a name", "nothing happens"}) {
    EXPECT_THAT(scenario.error(), HasSubstr(want));
  }
}

TEST(Step, ARecipientIsAskedForAndAnAnswerExpected) {
  const auto step = read_step(
      "1h1s  rcpt no%@example.org from s@example.net client 192.0.2.7 helo h.example times 3 mailer smtp "
      "hop [mx.example.org]:2525 authenticated -> 550 5.1.1  source probe  cause undeliverable  text \"no "
      "such user\"  "
      "within 5s  least 1s  connections mx1 <= 2  rcpts mx1 no1@example.org = 1  tls none  unverified  "
      "alarm");
  ASSERT_TRUE(step) << step.error();
  EXPECT_EQ(step->at, 3601s);
  const auto& rcpt = std::get<RcptStep>(step->what);
  EXPECT_EQ(rcpt.recipient, "no%@example.org");
  EXPECT_EQ(rcpt.sender, "s@example.net");
  EXPECT_EQ(rcpt.client, "192.0.2.7");
  EXPECT_EQ(rcpt.helo, "h.example");
  EXPECT_EQ(rcpt.times, 3U);
  EXPECT_EQ(rcpt.mailer, "smtp");
  EXPECT_EQ(rcpt.next_hop, "[mx.example.org]:2525");
  EXPECT_TRUE(rcpt.authenticated);
  EXPECT_EQ(rcpt.code, 550);
  EXPECT_EQ(rcpt.dsn, "5.1.1");
  EXPECT_THAT(rcpt.wanted, ElementsAre(Pair("cause", "undeliverable"), Pair("source", "probe"),
                                       Pair("text", "no such user"), Pair("tls", "none")));
  EXPECT_EQ(rcpt.within, 5s);
  EXPECT_EQ(rcpt.least, 1s);
  EXPECT_TRUE(rcpt.unverified);
  EXPECT_TRUE(rcpt.alarm);
  ASSERT_EQ(rcpt.counts.size(), 2U);
  EXPECT_EQ(rcpt.counts[0].relation, "<=");
  EXPECT_THAT(rcpt.counts[1].about, ElementsAre("mx1", "no1@example.org"));
}

TEST(Step, TheWorldChanges) {
  EXPECT_EQ(std::get<ServerStep>(read_step("1s server mx1 RCPT TO:<x@*>   550 no   close")->what).line,
            "RCPT TO:<x@*>   550 no   close");
  EXPECT_FALSE(std::get<ZoneStep>(read_step("1s zone example.org MX 0 .")->what).gone);
  EXPECT_TRUE(std::get<ZoneStep>(read_step("1s nozone example.org")->what).gone);
  EXPECT_EQ(std::get<SetStep>(read_step("1s set soft_bounce = yes")->what).assignment, "soft_bounce = yes");
  EXPECT_EQ(std::get<DnsStep>(read_step("1s dns silent")->what).mood, DnsStep::Mood::silent);
  EXPECT_EQ(std::get<MemoryStep>(read_step("1s remember a@b yes")->what).what, MemoryStep::What::yes);
  EXPECT_EQ(std::get<MemoryStep>(read_step("1s forget a@b")->what).address, "a@b");
  EXPECT_EQ(std::get<ClockStep>(read_step("1s clock -1h")->what).jump, -1h);
  const auto expect = read_step("1s expect quits mx1 = 1  commands mx1 \"RCPT *\" >= 2  tls mx1 = 1");
  EXPECT_EQ(std::get<ExpectStep>(expect->what).counts.size(), 3U);
}

TEST(Step, WhatItDoesNotUnderstandIsAnError) {
  struct {
    std::string text, want;
  } const cases[] = {
      {"", "is no time"},
      {"1s", "something is missing"},
      {"1s jump around", "no such event: jump"},
      {"1s rcpt a@b", "-> is missing"},
      {"1s rcpt a@b because -> continue", "not understood before '->': because"},
      {"1s rcpt a@b -> 250 2.1.5", "neither continue nor a reply code"},
      {"1s rcpt a@b -> 550", "the enhanced code is missing"},
      {"1s rcpt a@b -> continue happily", "not understood after '->': happily"},
      {"1s rcpt a@b -> continue within soon", "'soon' is no time"},
      {"1s expect connections mx1 == 1", "'==' is none of"},
      {"1s expect connections mx1 = some", "'some' is no number"},
      {"1s expect smiles mx1 = 1", "there is no count called smiles"},
      {"1s server mx1", "what happens to the server?"},
      {"1s dns lazy", "dns silent, failing or well"},
      {"1s remember a@b maybe", "remember ADDRESS yes, or no"},
      {"1s forget him", "the address is missing"},
      {"1s clock soon", "'soon' is no time"},
  };
  for (const auto& c : cases) {
    const auto step = read_step(c.text);
    ASSERT_FALSE(step) << c.text;
    EXPECT_THAT(step.error(), HasSubstr(c.want)) << c.text;
  }
}

}  // namespace
}  // namespace fallbackmx
