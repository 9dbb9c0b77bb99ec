// The operator's command, as an operator types it.

#include <gmock/gmock.h>

#include <csignal>

#include "test/daemon/held_primary.h"
#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class OperatorsCommand : public WithDaemon {};

TEST_F(OperatorsCommand, StatusTellsWhatRuns) {
  configure();
  start();
  const Ended status = run({"status"});
  EXPECT_EQ(status.status, 0) << status.output;
  EXPECT_THAT(status.output, StartsWith("daemon          fallbackmx-milter "));
  EXPECT_THAT(status.output, HasSubstr("serving since "));
  EXPECT_THAT(status.output, HasSubstr("milter socket   unix:" + daemon_->socket() + "\n"));
  EXPECT_THAT(status.output, HasSubstr("configuration   " + directory_.path("milter.conf") + ", read "));
  EXPECT_THAT(status.output, HasSubstr("memory          0 addresses in memory:\n"));
  EXPECT_THAT(run({"status", "--json"}).output, StartsWith("{\"version\":\""));
}

TEST_F(OperatorsCommand, HealthIsGoodWhileTheDaemonServesAndBadWhenItIsGone) {
  configure();
  start();
  const Ended well = run({"health"});
  EXPECT_EQ(well.status, 0);
  EXPECT_EQ(well.output, "serving\n");
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0);
  const Ended gone = run({"health"});
  EXPECT_EQ(gone.status, 69);
  EXPECT_EQ(gone.output,
            "fallbackmx: there is no socket " + directory_.path("control") +
                ": fallbackmx-milter does not run, or its control_socket is another (-c FILE reads it "
                "from its configuration, --socket PATH names it)\n");
}

TEST_F(OperatorsCommand, AReloadTellsWhatCameOfIt) {
  configure();
  start();
  configure("answer_timeout = 3s\nmilter_socket_mode = 0600\nmilter_protocol = 6\n");
  const Ended good = run({"reload"});
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(good.output, HasSubstr("takes a restart: milter_socket_mode\n"));
  EXPECT_THAT(good.output, HasSubstr("The new configuration is in force.\n"));
  EXPECT_THAT(run({"config", "--changed"}).output, HasSubstr("answer_timeout = 3s\n"));

  configure("answer_timeout = 3 parsecs\n");
  const Ended bad = run({"reload"});
  EXPECT_EQ(bad.status, 78);
  EXPECT_THAT(bad.output, HasSubstr("error: "));
  EXPECT_THAT(bad.output, HasSubstr("The old configuration stays in force.\n"));
  EXPECT_THAT(run({"status"}).output, HasSubstr("the last reload FAILED"));
  EXPECT_THAT(run({"config", "--changed"}).output, HasSubstr("answer_timeout = 3s\n"));
  EXPECT_TRUE(logged("control: uid=")) << daemon_->log();
}

TEST_F(OperatorsCommand, ConfigShowsEverythingButPasswords) {
  configure("shared_verify_password = open sesame\n");
  start();
  const Ended all = run({"config"});
  EXPECT_EQ(all.status, 0);
  EXPECT_THAT(all.output, HasSubstr("primary_retry_time = 30s\n"));
  EXPECT_THAT(all.output, HasSubstr("shared_verify_password = (not shown)\n"));
  EXPECT_EQ(all.output.find("sesame"), std::string::npos);
}

/// "Why was nobody@example.org refused at 10:42, and would it be now?"
TEST_F(OperatorsCommand, TwoCommandsTellWhyARecipientWasRefusedAndWhetherItWouldBeNow) {
  HeldPrimary primary(false);
  configure();
  start();
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  const Macros relayed = {{"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary.next_hop()}};
  EXPECT_THAT(client.rcpt("<nobody@example.org>", relayed).told(), StartsWith("550 5.1.1 "));
  EXPECT_EQ(client.rcpt("<user@example.org>", relayed).told(), "continue");

  const Ended why = run({"verdicts", "nobody@example.org"});
  EXPECT_EQ(why.status, 0);
  EXPECT_THAT(why.output, HasSubstr("  reject  <nobody@example.org> from=<s@example.net> client="));
  EXPECT_THAT(why.output, HasSubstr("    undeliverable, the primary was asked: 127.0.0.1[127.0.0.1]:"));
  EXPECT_THAT(why.output, HasSubstr(" said 550 5.1.1 No such user ("));
  EXPECT_EQ(why.output.find("<user@example.org>"), std::string::npos);
  EXPECT_THAT(run({"verdicts"}).output, HasSubstr("  accept  <user@example.org>"));

  const Ended now = run({"verify", "nobody@example.org", "--next-hop", primary.next_hop()});
  EXPECT_EQ(now.status, 67) << now.output;
  EXPECT_THAT(now.output, HasSubstr("verdict         undeliverable, the primary was asked\n"));
  EXPECT_THAT(now.output, HasSubstr("said            550 5.1.1 No such user\n"));
  EXPECT_THAT(now.output,
              HasSubstr("a client hears  550 5.1.1 <nobody@example.org>: Recipient address rejected: "));
}

TEST_F(OperatorsCommand, WhatIsRememberedIsAnsweredFromMemoryUnlessItShallBeFresh) {
  HeldPrimary primary(false);
  configure();
  start();
  const std::vector<std::string> verify = {"verify", "user@example.org", "--next-hop", primary.next_hop()};
  const Ended first = run(verify), second = run(verify);
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_THAT(first.output, HasSubstr("deliverable, the primary was asked\n"));
  EXPECT_EQ(second.status, 0) << second.output;
  EXPECT_THAT(second.output, HasSubstr("deliverable, from memory\n"));
  auto fresh = verify;
  fresh.emplace_back("--fresh");
  EXPECT_THAT(run(fresh).output, HasSubstr("deliverable, the primary was asked\n"));

  EXPECT_THAT(run({"remember", "list"}).output, HasSubstr("  user@example.org  250"));
  EXPECT_THAT(run({"remember", "show", "user@example.org"}).output, HasSubstr("counts          as a yes\n"));
  EXPECT_EQ(run({"remember", "forget", "user@example.org"}).output, "Forgotten: user@example.org.\n");
  EXPECT_THAT(run(verify).output, HasSubstr("deliverable, the primary was asked\n"));
  EXPECT_EQ(run({"remember", "flush"}).status, 64);
  EXPECT_THAT(run({"remember", "flush", "--all"}).output, StartsWith("Forgotten: "));
  EXPECT_EQ(run({"remember", "list"}).output, "");
}

TEST_F(OperatorsCommand, APrimaryIsDisabledAndEnabledByHand) {
  HeldPrimary primary(false);
  configure();
  start();
  EXPECT_EQ(run({"primaries"}).output, "No primary has been talked to yet.\n");
  const std::vector<std::string> verify = {"verify", "--fresh", "user@example.org", "--next-hop",
                                           primary.next_hop()};
  ASSERT_EQ(run(verify).status, 0);
  EXPECT_THAT(run({"primaries"}).output, StartsWith("up        since "));
  EXPECT_THAT(run({"primaries", "disable", "127.0.0.1"}).output,
              StartsWith("disabled: 127.0.0.1[127.0.0.1]:"));
  EXPECT_THAT(run({"primaries", "list"}).output, StartsWith("disabled  since "));
  const Ended disabled = run(verify);
  EXPECT_EQ(disabled.status, 75) << disabled.output;
  EXPECT_THAT(disabled.output, HasSubstr("is disabled: an operator wants it not to be asked"));
  EXPECT_THAT(run({"status"}).output, HasSubstr("primaries       1 known, 1 down\n"));
  EXPECT_EQ(run({"primaries", "enable", "127.0.0.1"}).status, 0);
  EXPECT_EQ(run(verify).status, 0);
  EXPECT_EQ(run({"primaries", "reset", "127.0.0.1"}).status, 0);
  EXPECT_EQ(run({"primaries", "disable", "128.0.0.1"}).status, 64);
  EXPECT_TRUE(logged("is disabled by an operator"));
}

TEST_F(OperatorsCommand, NobodyCanSayIsStatus75) {
  configure("answer_timeout = 1s\n");
  start();
  const Ended down = run({"verify", "user@example.org", "--next-hop", "[127.0.0.1]:1"});
  EXPECT_EQ(down.status, 75) << down.output;
  EXPECT_THAT(down.output, HasSubstr("a client hears  250, unverified"));
}

TEST_F(OperatorsCommand, ASocketThatCannotBeMadeIsAWarningAndTheDaemonServes) {
  configure("control_socket = " + directory_.path("not/there/control") + "\n");
  start();
  EXPECT_TRUE(logged("warning: control_socket: cannot make")) << daemon_->log();
  auto client = session();
  EXPECT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@example.org>", {{"{rcpt_mailer}", "local"}}).told(), "continue");
}

TEST_F(OperatorsCommand, WithAnEmptyControlSocketThereIsNone) {
  configure("control_socket =\n");
  start();
  const Ended status = run({"status"});
  EXPECT_EQ(status.status, 69);
  EXPECT_THAT(status.output, HasSubstr("control_socket is empty"));
}

TEST_F(OperatorsCommand, ASlipOnTheCommandLineIsStatus64WithASuggestion) {
  configure();
  const Ended slip = run({"staus"});
  EXPECT_EQ(slip.status, 64);
  EXPECT_EQ(slip.output, "fallbackmx: there is no verb \"staus\"; did you mean status?\n");
}

TEST_F(OperatorsCommand, HelpNeedsNoDaemon) {
  configure();
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_THAT(run({"help", "reload"}).output, StartsWith("Usage: fallbackmx reload\n"));
  EXPECT_EQ(run({"help", "relod"}).status, 64);
  EXPECT_THAT(run({"--version"}).output, StartsWith("fallbackmx "));
}

}  // namespace
}  // namespace fallbackmx
