// The operator's command, as an operator types it.

#include <gmock/gmock.h>

#include <csignal>

#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class OperatorsCommand : public WithDaemon {
 protected:
  Ended run(const std::vector<std::string>& words) { return run_command(directory_, words); }
};

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
