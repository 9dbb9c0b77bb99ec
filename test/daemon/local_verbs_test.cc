// What the operator's command answers by itself, with no daemon anywhere.

#include <gmock/gmock.h>

#include "test/daemon/held_primary.h"
#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LocalVerbs : public WithDaemon {
 protected:
  HeldPrimary primary_{false};
};

TEST_F(LocalVerbs, ExplainShowsEveryRestrictionAndWhatTheClientHears) {
  configure("smtpd_recipient_restrictions = permit_mynetworks, reject_unverified_recipient, reject\n");
  const Ended explained = run({"explain", "nobody@example.org", "--from", "s@example.net", "--client",
                               "192.0.2.7", "--next-hop", primary_.next_hop(), "--trace"});
  EXPECT_EQ(explained.status, 0);
  for (const char* line :
       {"client unknown[192.0.2.7], not authenticated\n", "MAIL FROM:<s@example.net>\n",
        "assumed: the MTA relays this recipient (--mailer)\n",
        "\nsmtpd_recipient_restrictions\n  permit_mynetworks                      DUNNO\n",
        "  reject_unverified_recipient            550 5.1.1 <nobody@example.org>: Recipient",
        "  reject                                 not reached: the answer stands\n",
        "\nverdict: undeliverable: ",
        "the client hears: 550 5.1.1 <nobody@example.org>: Recipient address rejected: undeliverable "
        "address: host said: 550 5.1.1 No such user\n",
        " < RCPT TO:<nobody@example.org>\n", " memory: nothing about <nobody@example.org>\n"})
    EXPECT_THAT(explained.output, HasSubstr(line));
}

TEST_F(LocalVerbs, ExplainIsJsonToo) {
  configure();
  const Ended explained =
      run({"explain", "user@example.org", "--next-hop", primary_.next_hop(), "--trace", "--json"});
  EXPECT_EQ(explained.status, 0);
  EXPECT_THAT(explained.output, StartsWith("{\"client\":\"unknown[192.0.2.1]\",\"helo\":null,"));
  EXPECT_THAT(explained.output, HasSubstr("\"client_hears\":\"250 2.1.5 Ok\""));
  EXPECT_THAT(explained.output, HasSubstr("\"trace\":[{\"at\":"));
}

TEST_F(LocalVerbs, VerifyTracesItsStepsAndAsksByItselfWhenNoDaemonDoes) {
  configure();
  const Ended traced = run({"verify", "nobody@example.org", "--next-hop", primary_.next_hop(), "--trace"});
  EXPECT_EQ(traced.status, 67) << traced.output;
  EXPECT_THAT(traced.output, StartsWith("   0.0"));
  for (const char* line :
       {" is connected\n", " < RCPT TO:<nobody@example.org>\n", " proven by a recipient that it accepts\n",
        " < QUIT\n", "verdict         undeliverable, the primary was asked\n",
        "a client hears  550 5.1.1 <nobody@example.org>: Recipient address rejected"})
    EXPECT_THAT(traced.output, HasSubstr(line));
  const Ended alone = run({"verify", "user@example.org", "--next-hop", primary_.next_hop()});
  EXPECT_EQ(alone.status, 0) << alone.output;
  EXPECT_THAT(alone.output, HasSubstr("; so the primary is asked from here\n"));
  EXPECT_THAT(alone.output, HasSubstr("verdict         deliverable, the primary was asked\n"));
}

TEST_F(LocalVerbs, WhatCannotBeUnderstoodIsUsage) {
  configure();
  EXPECT_EQ(run({"explain", "user@example.org", "--client", "client.example"}).status, 64);
  EXPECT_EQ(run({"mta-config", "exim"}).status, 64);
  configure("answer_timeout = soon\n");
  const Ended broken = run({"explain", "user@example.org"});
  EXPECT_EQ(broken.status, 78);
  EXPECT_THAT(broken.output, HasSubstr("answer_timeout"));
}

TEST_F(LocalVerbs, MtaConfigHasTheConfiguredSocket) {
  configure();
  const Ended postfix = run({"mta-config", "postfix"}), sendmail = run({"mta-config", "sendmail"});
  EXPECT_EQ(postfix.status, 0);
  EXPECT_THAT(postfix.output,
              HasSubstr("\nsmtpd_milters = { unix:" + directory_.path("sock") + ", default_action=tempfail"));
  EXPECT_EQ(sendmail.status, 0);
  EXPECT_THAT(sendmail.output,
              HasSubstr("\nINPUT_MAIL_FILTER(`fallbackmx', `S=local:" + directory_.path("sock") + ", F=T"));
}

/// Whatever else is wrong with the machine of the tests.
TEST_F(LocalVerbs, DoctorNamesWhatIsWrongWithItsMend) {
  configure("resolver = 127.0.0.1:1\nanswer_timeout = soon\n");
  const Ended configuration = run({"doctor"});
  EXPECT_EQ(configuration.status, 1);
  EXPECT_THAT(configuration.output,
              HasSubstr("\nconfiguration: the milter does not start with this configuration: "));
  EXPECT_THAT(configuration.output, HasSubstr("  mend: mend it, and see: fallbackmx-milter -n -c " +
                                              directory_.path("milter.conf") + "\n"));

  // A port where nobody listens.
  configure("resolver = 127.0.0.1:1\n");
  const Ended stopped = run({"doctor", "--sendmail", directory_.path("none")});
  EXPECT_EQ(stopped.status, 1);
  EXPECT_THAT(stopped.output,
              HasSubstr("\ndaemon-not-running: the milter's socket unix:" + directory_.path("sock") +
                        " is not there: the daemon does not run\n  mend: systemctl start fallbackmx"));
  EXPECT_THAT(stopped.output,
              HasSubstr("\nname-server-silent: the name server 127.0.0.1:1 gives no answer: "));
  start();
  EXPECT_THAT(run({"doctor", "--postfix", directory_.path("none")}).output, HasSubstr("postfix-unreadable: "))
      << "and does not say that no MTA is here";

  const Ended running = run({"doctor", "--json"});
  EXPECT_EQ(running.status, 1);
  EXPECT_EQ(running.output.find("daemon-not-running"), std::string::npos) << running.output;
  EXPECT_THAT(running.output, StartsWith("{\"looked_at\":["));
}

}  // namespace
}  // namespace fallbackmx
