#include "test/fake/server_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

ServerRule parsed(std::string_view line) {
  auto rule = ServerRule::parse(line);
  EXPECT_TRUE(rule) << line << ": " << rule.error();
  return rule ? *rule : ServerRule();
}

TEST(ServerRule, PatternReplyAndActionsAreColumns) {
  const auto rule =
      parsed("EHLO *   250-mx1 | 250 PIPELINING   stall 20s   drip 4/s   fragment 3   line 5000   close");
  EXPECT_EQ(rule.pattern, "EHLO *");
  EXPECT_THAT(rule.reply.lines, ElementsAre("250-mx1", "250 PIPELINING"));
  EXPECT_EQ(rule.reply.code(), 250);
  EXPECT_EQ(rule.reply.stall, 20s);
  EXPECT_EQ(rule.reply.per_byte, 250ms);
  EXPECT_EQ(rule.reply.fragment, 3U);
  EXPECT_EQ(rule.reply.pad, 5000U);
  EXPECT_TRUE(rule.reply.close);
  EXPECT_FALSE(rule.reply.reset);
}

TEST(ServerRule, ALineWithSingleBlanksIsCutAtTheReplyCode) {
  const auto rule = parsed("RCPT TO:<x@*> 550 5.1.1 no such user");
  EXPECT_EQ(rule.pattern, "RCPT TO:<x@*>");
  EXPECT_THAT(rule.reply.lines, ElementsAre("550 5.1.1 no such user"));
}

TEST(ServerRule, ActionsMayStandAlone) {
  EXPECT_TRUE(parsed("MAIL *   stall").reply.mute);
  EXPECT_TRUE(parsed("MAIL *   reset").reply.reset);
  EXPECT_TRUE(parsed("MAIL *   garbage").reply.garbage);
  EXPECT_TRUE(parsed("MAIL *   250 ok   forever").reply.endless);
  EXPECT_TRUE(parsed("MAIL *   stall 2s").reply.manner_only());
}

TEST(ServerRule, ConditionsLimitWhenItApplies) {
  const auto pipelined = parsed("RCPT *   503 no pipelining   when pipelined");
  EXPECT_TRUE(pipelined.matches("RCPT TO:<a@b>", true, false));
  EXPECT_FALSE(pipelined.matches("RCPT TO:<a@b>", false, false));
  EXPECT_FALSE(parsed("EHLO *   250 x   when tls").matches("EHLO a", false, false));
  EXPECT_FALSE(parsed("EHLO *   250 x   when plain").matches("EHLO a", false, true));
  EXPECT_EQ(parsed("EHLO *   421 x   times 2").times, 2U);
}

TEST(ServerRule, ParametersAfterTheAddressDoNotMatter) {
  EXPECT_TRUE(parsed("MAIL FROM:<>   250 ok").matches("MAIL FROM:<> SMTPUTF8", false, false));
  EXPECT_FALSE(parsed("MAIL FROM:<>   250 ok").matches("MAIL FROM:<a@b> SMTPUTF8", false, false));
}

TEST(ServerRule, WhatItDoesNotUnderstandIsAnError) {
  for (const auto* line :
       {"RCPT TO:<a@b>", "MAIL *   explode", "MAIL *   250 ok   drip 0/s", "MAIL *   250 ok   stall x",
        "MAIL *   250 ok   when raining", "MAIL *   when tls"}) {
    EXPECT_FALSE(ServerRule::parse(line)) << line;
  }
  EXPECT_THAT(ServerRule::parse("MAIL *   250 ok   explode").error(), HasSubstr("'explode'"));
}

}  // namespace
}  // namespace fallbackmx
