#include "test/fake/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/fake/server_session.h"
#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A server and one client, without a wire between them.
struct Talk {
  explicit Talk(std::vector<std::string> script) {
    for (const auto& line : script) {
      const auto taken = server->define(line);
      EXPECT_TRUE(taken) << line << ": " << taken.error();
    }
    session.emplace(server, now);
  }

  /// All that is said by now.
  std::string heard() {
    std::string text;
    while (auto action = session->take(now)) {
      text += action->bytes;
      if (action->kind == ServerAction::Kind::close) text += "<close>";
      if (action->kind == ServerAction::Kind::reset) text += "<reset>";
      if (action->kind == ServerAction::Kind::start_tls) text += "<tls>";
    }
    return text;
  }

  std::string say(std::string_view text) {
    session->receive(text, now);
    return heard();
  }

  SteadyTime now = steady_start;
  std::shared_ptr<ScriptedServer> server = std::make_shared<ScriptedServer>("mx1");
  std::optional<ServerSession> session;
};

TEST(ScriptedServer, WithoutAScriptItIsAHealthyServer) {
  Talk talk({});
  EXPECT_EQ(talk.heard(), "220 mx1 ESMTP\r\n");
  EXPECT_THAT(talk.say("EHLO us\r\n"), HasSubstr("250-PIPELINING\r\n"));
  EXPECT_EQ(talk.say("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRSET\r\n"),
            "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n");
  EXPECT_EQ(talk.say("QUIT\r\n"), "221 2.0.0 Bye\r\n<close>");
  const auto record = talk.server->record();
  EXPECT_EQ(record.connections, 1U);
  EXPECT_EQ(record.quits, 1U);
  EXPECT_EQ(record.at_once, 0U);
  EXPECT_EQ(record.rcpts.at("a@b"), 1U);
  EXPECT_EQ(record.unoffered_pipelining, 0U);
  EXPECT_EQ(record.count("RCPT *"), 1U);
}

TEST(ScriptedServer, TheFirstRuleThatMatchesSpeaks) {
  Talk talk({"greet   220 hello", "RCPT TO:<no@*>   550 5.1.1 no", "*   250 yes"});
  EXPECT_EQ(talk.heard(), "220 hello\r\n");
  EXPECT_EQ(talk.say("HELO x\r\n"), "250 yes\r\n");
  EXPECT_EQ(talk.say("MAIL FROM:<>\r\n"), "250 yes\r\n");
  EXPECT_EQ(talk.say("RCPT TO:<no@b>\r\n"), "550 5.1.1 no\r\n");
  EXPECT_EQ(talk.say("RCPT TO:<yes@b>\r\n"), "250 yes\r\n");
  EXPECT_EQ(talk.say("QUIT\r\n"), "250 yes\r\n<close>");
}

TEST(ScriptedServer, OrderOfCommandsIsEnforcedAsByRealServers) {
  Talk talk({"MAIL FROM:<>   550 5.7.1 no bounces here"});
  talk.say("EHLO x\r\n");
  EXPECT_EQ(talk.say("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\n"),
            "550 5.7.1 no bounces here\r\n503 5.5.1 Error: need MAIL command\r\n");
  EXPECT_EQ(talk.say("MAIL FROM:<x@y>\r\n"), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(talk.say("MAIL FROM:<x@y>\r\n"), "503 5.5.1 Error: nested MAIL command\r\n");
}

TEST(ScriptedServer, AStalledReplyDelaysWhatComesAfterIt) {
  Talk talk({"RCPT TO:<slow@*>   stall 20s"});
  talk.say("EHLO x\r\nMAIL FROM:<>\r\n");
  EXPECT_EQ(talk.say("RCPT TO:<slow@b>\r\nRSET\r\n"), "");
  EXPECT_EQ(talk.session->next(), steady_start + 20s);
  talk.now = steady_start + 20s;
  EXPECT_EQ(talk.heard(), "250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n");
}

TEST(ScriptedServer, DripAndFragmentCutTheReplyIntoPieces) {
  Talk talk({"greet   220 hi   drip 1/s", "EHLO *   250 abcdef   fragment 5"});
  talk.now = steady_start + 3s;
  EXPECT_EQ(talk.heard(), "220 ");
  talk.now = steady_start + 1min;
  EXPECT_EQ(talk.heard(), "hi\r\n");
  EXPECT_EQ(talk.say("EHLO x\r\n"), "250 a");
  talk.now += 1s;
  EXPECT_EQ(talk.heard(), "bcdef\r\n");
}

TEST(ScriptedServer, HeldRepliesWaitForTheRelease) {
  Talk talk({"RCPT *   hold"});
  talk.say("EHLO x\r\nMAIL FROM:<>\r\n");
  EXPECT_EQ(talk.say("RCPT TO:<a@b>\r\n"), "");
  EXPECT_FALSE(talk.session->next());
  EXPECT_TRUE(talk.server->change("release"));
  EXPECT_EQ(talk.heard(), "250 2.1.5 Ok\r\n");
}

TEST(ScriptedServer, ItClosesResetsAndGoesSilent) {
  EXPECT_EQ(Talk({"greet   421 busy   close"}).heard(), "421 busy\r\n<close>");
  EXPECT_EQ(Talk({"greet   close"}).heard(), "<close>");
  EXPECT_EQ(Talk({"greet   reset"}).heard(), "<reset>");
  Talk mute({"EHLO *   stall"});
  mute.heard();
  EXPECT_EQ(mute.say("EHLO x\r\nQUIT\r\n"), "");
  EXPECT_FALSE(mute.session->next());
}

TEST(ScriptedServer, OddRepliesAreSentAsWritten) {
  EXPECT_EQ(Talk({"greet   220-a | 550 b"}).heard(), "220-a\r\n550 b\r\n");
  EXPECT_EQ(Talk({"greet   220 a   early"}).heard(), "220 a\r\n220 a\r\n");
  EXPECT_EQ(Talk({"greet   220 a   line 100"}).heard().size(), 102U);
  EXPECT_THAT(Talk({"greet   garbage"}).heard(), HasSubstr("not smtp"));
  Talk endless({"greet   220-a   forever"});
  EXPECT_EQ(endless.heard(), "220-a\r\n");
  endless.now += 1s;
  EXPECT_EQ(endless.heard(), "220-and on\r\n");
  EXPECT_TRUE(endless.session->next());
}

TEST(ScriptedServer, TooManyErrorsSlowItDownAndThenEndTheSession) {
  Talk talk({"errors 2   stall 1s", "errors 3   421 too many errors   close", "VRFY *   550 no"});
  talk.heard();
  EXPECT_EQ(talk.say("VRFY a\r\nVRFY b\r\nVRFY c\r\n"), "550 no\r\n550 no\r\n");
  talk.now += 1s;
  EXPECT_EQ(talk.heard(), "550 no\r\n");
  EXPECT_EQ(talk.say("VRFY d\r\n"), "421 too many errors\r\n<close>");
}

TEST(ScriptedServer, ConnectionsBeyondTheLimitHearSo) {
  Talk talk({"max-connections 1   421 4.7.0 too many   close"});
  talk.heard();
  ServerSession second(talk.server, steady_start);
  EXPECT_EQ(second.take(steady_start)->bytes, "421 4.7.0 too many\r\n");
  EXPECT_EQ(second.take(steady_start)->kind, ServerAction::Kind::close);
  EXPECT_EQ(talk.server->record().at_once, 1U);
  EXPECT_EQ(talk.server->record().at_once_most, 2U);
}

TEST(ScriptedServer, AChangeReplacesTheRuleOrComesFirst) {
  Talk talk({"RCPT TO:<a@*>   250 yes", "*   250 ok"});
  talk.say("EHLO x\r\nMAIL FROM:<>\r\n");
  EXPECT_TRUE(talk.server->change("RCPT TO:<a@*>   550 not any more"));
  EXPECT_TRUE(talk.server->change("RCPT TO:<b@*> 450 later"));
  EXPECT_EQ(talk.say("RCPT TO:<a@b>\r\n"), "550 not any more\r\n");
  EXPECT_EQ(talk.say("RCPT TO:<b@b>\r\n"), "450 later\r\n");
}

TEST(ScriptedServer, AServerThatGoesAwayEndsItsSessions) {
  Talk talk({});
  talk.heard();
  EXPECT_TRUE(talk.server->change("hang"));
  EXPECT_EQ(talk.say("EHLO x\r\n"), "");
  EXPECT_TRUE(talk.server->change("refuse"));
  EXPECT_EQ(talk.heard(), "<close>");
  EXPECT_EQ(talk.server->knock(), ScriptedServer::State::refuse);
  EXPECT_EQ(talk.server->record().knocks, 1U);
}

TEST(ScriptedServer, TlsBeginsAfterItsReplyAndForgetsWhatWasSaidBefore) {
  Talk talk({"starttls"});
  talk.heard();
  EXPECT_THAT(talk.say("EHLO x\r\n"), HasSubstr("250-STARTTLS\r\n"));
  EXPECT_EQ(talk.say("STARTTLS\r\n"), "220 2.0.0 Ready to start TLS\r\n<tls>");
  talk.session->tls_established(steady_start);
  EXPECT_THAT(talk.say("EHLO x\r\n"), testing::Not(HasSubstr("STARTTLS")));
  EXPECT_EQ(talk.server->record().tls, 1U);
}

TEST(ScriptedServer, TlsCanBeSpoilt) {
  Talk abort({"starttls abort"});
  abort.say("EHLO x\r\n");
  EXPECT_EQ(abort.say("STARTTLS\r\n"), "220 2.0.0 Ready to start TLS\r\n");
  EXPECT_EQ(abort.say("a client hello"), "<close>");
  Talk inject({"starttls inject"});
  inject.say("EHLO x\r\n");
  EXPECT_EQ(inject.say("STARTTLS\r\n"), "220 2.0.0 Ready to start TLS\r\n250 2.0.0 injected\r\n<tls>");
}

TEST(ScriptedServer, WhatNoClientMayDoIsCounted) {
  Talk talk({"EHLO *   250 mx1"});
  talk.heard();
  talk.say("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@b>\r\nDATA\r\n");
  talk.session->client_closed(steady_start);
  const auto record = talk.server->record();
  EXPECT_EQ(record.unoffered_pipelining, 4U);
  EXPECT_EQ(record.several_recipients, 1U);
  EXPECT_EQ(record.datas, 1U);
  EXPECT_EQ(record.hangups, 1U);
}

TEST(ScriptedServer, WhatItDoesNotUnderstandIsAnError) {
  ScriptedServer server("mx1");
  for (const auto* line :
       {"starttls maybe", "errors many close", "after 3", "max-connections 2   whatever", "nonsense"}) {
    EXPECT_FALSE(server.define(line)) << line;
  }
}

}  // namespace
}  // namespace fallbackmx
