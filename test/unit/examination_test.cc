// One recipient asked about outside the daemon, on a network in memory: what is traced, what is explained,
// and what the client hears.
#include "milter/control/examination.h"

#include <gtest/gtest.h>

#include "conf/tables/access_table.h"
#include "milter/rules/explanation.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// example.org with one primary, 10 ms away and back, and ourselves behind it.
class Examination : public ::testing::Test {
 protected:
  Examination() {
    for (const auto* line :
         {"example.org MX 10 mx1.example.org", "example.org AD", "mx1.example.org A 192.0.2.1",
          "example.net A 192.0.2.7", "client.example.net A 192.0.2.7"})
      dns.add(line);
    for (const auto* line : {"EHLO *     250-mx1.example.org | 250-PIPELINING | 250 ENHANCEDSTATUSCODES",
                             "RCPT TO:<no*@*>     550 5.1.1 no such user"})
      EXPECT_TRUE(primary->define(line));
    network.serve("192.0.2.1", 25, primary);
    here->sleep_until(SteadyTime::min());  // this thread takes part: no time passes while it runs
  }

  Examined examine_now(Witness* witness = nullptr, const std::optional<AddressRecord>& remembered = {}) {
    scenery = scenery_of(supposed, settings);
    Trace trace(clock);
    Examined examined = examine(settings, scenery, {clock, dns, network}, trace, witness, remembered);
    steps = trace.steps();
    return examined;
  }

  /// Whether these stood in the trace, in this order.
  void expect_steps(const std::vector<std::string>& wanted) {
    std::string all;
    for (const auto& step : steps) all += to_text(step) + '\n';
    std::size_t at = 0;
    for (const auto& want : wanted) {
      const auto found = all.find(want, at);
      EXPECT_NE(found, std::string::npos) << want << "\nis not there, or out of order, in\n" << all;
      if (found != std::string::npos) at = found;
    }
  }

  Simulation clock;
  std::unique_ptr<Sleeper> here = clock.sleeper();
  FakeResolver dns{clock};
  MemoryStreamFactory network{clock};
  std::shared_ptr<ScriptedServer> primary = std::make_shared<ScriptedServer>("mx1.example.org");
  Settings settings = [] {
    Settings defaults = default_settings();
    defaults.myhostname = defaults.smtp_helo_name = "fallback.example.net";
    defaults.relay_domains = *DomainList::parse("example.org");
    return defaults;
  }();
  Supposed supposed{.recipient = "nobody@example.org"};
  Scenery scenery{.session = SessionState("x"), .envelope = {}};
  std::vector<Trace::Step> steps;
};

TEST_F(Examination, EveryStepIsTracedWithItsTime) {
  settings = only_verification(settings);
  const Examined examined = examine_now();
  EXPECT_EQ(
      examined.line,
      "550 5.1.1 <nobody@example.org>: Recipient address rejected: undeliverable address: host said: 550 "
      "5.1.1 no such user");
  expect_steps({
      "   0.000 memory: nothing about <nobody@example.org>",
      "   0.000 dns: example.org MX: 10 mx1.example.org (authentic, ttl 300 s)",
      "   0.000 route: mx1.example.org[192.0.2.1]:25 (preference 10): to be asked, no. 1",
      "   0.000 mx1.example.org[192.0.2.1]:25: TLS level may, by policy may",
      "   0.000 mx1.example.org[192.0.2.1]:25 is being connected to",
      "   0.010 mx1.example.org[192.0.2.1]:25 is connected",
      "   0.010 mx1.example.org[192.0.2.1]:25 > 220 ",
      "   0.010 mx1.example.org[192.0.2.1]:25 < EHLO fallback.example.net",
      "   0.020 mx1.example.org[192.0.2.1]:25 > 250 mx1.example.org PIPELINING ENHANCEDSTATUSCODES",
      "   0.020 mx1.example.org[192.0.2.1]:25 < MAIL FROM:<>",
      "   0.020 mx1.example.org[192.0.2.1]:25 < RCPT TO:<nobody@example.org>",
      "   0.030 mx1.example.org[192.0.2.1]:25 > 550 no such user",
      "   0.030 mx1.example.org[192.0.2.1]:25: its reply to RCPT about <nobody@example.org> means: a "
      "rejection without proof, a control recipient is asked for",
      "   0.030 mx1.example.org[192.0.2.1]:25 < RCPT TO:<postmaster@example.org>",
      "   0.040 mx1.example.org[192.0.2.1]:25: its reply to RCPT about the control recipient "
      "<postmaster@example.org> means: deliverable",
      "   0.040 mx1.example.org[192.0.2.1]:25: 1 rejection(s) in example.org proven by a recipient that it "
      "accepts",
      "   0.040 NOQUEUE: sid=trace rcpt=<nobody@example.org> from=<> client=unknown[192.0.2.1] action=reject",
      "mx1.example.org[192.0.2.1]:25 < QUIT",
  });
}

TEST_F(Examination, APrimaryThatIsAwayIsNoReasonToRefuse) {
  EXPECT_TRUE(primary->define("refuse"));
  settings = only_verification(settings);
  const Examined examined = examine_now();
  EXPECT_EQ(examined.line, "250 2.1.5 Ok");
  EXPECT_TRUE(examined.outcome.unverified);
  expect_steps(
      {"   0.010 mx1.example.org[192.0.2.1]:25: connection refused (at stage connect): that means: "
       "unavailable",
       "action=accept unverified=yes verdict=unavailable"});
}

TEST_F(Examination, WhatTheDaemonRemembersCounts) {
  EXPECT_TRUE(primary->define("refuse"));
  settings = only_verification(settings);
  const auto yesterday = std::chrono::floor<Seconds>(clock.wall()) - std::chrono::hours(24);
  const AddressRecord no{.verdict = Verdict::undeliverable, .code = 550, .asked = yesterday};
  const Examined examined = examine_now(nullptr, no);
  EXPECT_EQ(examined.line.substr(0, 9), "450 4.1.1") << examined.line;
  expect_steps({"memory: no about <nobody@example.org>"});
}

TEST_F(Examination, InLogOnlyModeTheClientHearsNothingOfIt) {
  settings = only_verification(settings);
  settings.mode = Enforcement::log_only;
  EXPECT_EQ(examine_now().line.substr(0, 40), "250 2.1.5 Ok (mode = log-only; else 550 ");
}

TEST_F(Examination, WhatNobodySaidIsAssumedAndSaid) {
  const struct {
    const char* name;
    Supposed supposed;
    std::vector<std::string> want;
  } table[] = {
      {"everything",
       {.recipient = "u@example.org"},
       {"the client is a stranger, unknown[192.0.2.1] (--client)",
        "it has said no HELO name, so nothing is asked about that (--helo)",
        "the MTA relays this recipient (--mailer)", "its next hop there is example.org (--next-hop)"}},
      {"a recipient that is not ours",
       {.recipient = "u@elsewhere.example",
        .helo = "c.example",
        .client = boost::asio::ip::make_address("192.0.2.7")},
       {"elsewhere.example is not in relay_domains: what the MTA makes of it is not known (--mailer)"}},
      {"nothing",
       {.recipient = "u@example.org",
        .helo = "c.example",
        .client = boost::asio::ip::make_address("192.0.2.7"),
        .mailer = "relay",
        .next_hop = "[mail.example.org]"},
       {}},
  };
  for (const auto& row : table) {
    EXPECT_EQ(scenery_of(row.supposed, settings).assumed, row.want) << row.name;
  }
}

/// `list rule: answer`, a line each.
std::string shown(const std::vector<Explanation::Row>& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += row.list + std::string(static_cast<std::size_t>(row.depth), ' ') + row.rule + ": " + row.answer +
            '\n';
  }
  return text;
}

TEST_F(Examination, EveryRestrictionIsExplained) {
  const TemporaryFile table("example.net  warn_if_reject, reject\n");
  settings.smtpd_helo_restrictions = {Restriction::reject_unknown_helo_hostname};
  settings.smtpd_sender_restrictions = {
      Rule(Restriction::check_sender_access, *AccessTable::read("texthash:" + table.path())),
      Restriction::permit_mynetworks, Restriction::reject_unknown_sender_domain};
  settings.smtpd_relay_restrictions = {Restriction::permit_auth_destination, Restriction::reject};
  settings.smtpd_recipient_restrictions.push_back(Restriction::reject);
  supposed.sender = "friend@example.net";
  Explanation explanation(settings);
  const Examined examined = examine_now(&explanation);
  EXPECT_EQ(
      shown(explanation.rows(false)),
      "smtpd_helo_restrictions reject_unknown_helo_hostname: not reached: the client has said no HELO name\n"
      "smtpd_sender_restrictions check_sender_access texthash:" +
          table.path() +
          ": DUNNO\n"
          "smtpd_sender_restrictions  warn_if_reject: DUNNO\n"
          "smtpd_sender_restrictions  reject: WARN 554 5.7.1 <friend@example.net>: Sender address rejected: "
          "Access denied\n"
          "smtpd_sender_restrictions permit_mynetworks: DUNNO\n"
          "smtpd_sender_restrictions reject_unknown_sender_domain: DUNNO\n"
          "smtpd_relay_restrictions permit_auth_destination: OK\n"
          "smtpd_relay_restrictions reject: not reached: OK ends the list\n"
          "smtpd_recipient_restrictions permit_mynetworks: DUNNO\n"
          "smtpd_recipient_restrictions permit_sasl_authenticated: DUNNO\n"
          "smtpd_recipient_restrictions reject_unknown_recipient_domain: DUNNO\n"
          "smtpd_recipient_restrictions reject_unverified_recipient: " +
          examined.line +
          "\n"
          "smtpd_recipient_restrictions reject: not reached: the answer stands\n");
}

TEST_F(Examination, AFinalAnswerEndsAllLists) {
  settings.smtpd_sender_restrictions = {Restriction::reject, Restriction::permit};
  settings.smtpd_recipient_restrictions = {Restriction::reject_unverified_recipient};
  supposed.helo = "client.example.net";
  Explanation explanation(settings);
  EXPECT_EQ(examine_now(&explanation).line.substr(0, 9), "554 5.7.1");
  EXPECT_EQ(shown(explanation.rows(true)),
            "smtpd_sender_restrictions reject: 554 5.7.1 <>: Sender address rejected: Access denied\n"
            "smtpd_sender_restrictions permit: not reached: the answer stands\n"
            "smtpd_recipient_restrictions reject_unverified_recipient: not reached: the answer stands\n");
}

TEST_F(Examination, ABarePostmasterMeetsNoRestriction) {
  supposed.recipient = "postmaster";
  settings.smtpd_sender_restrictions.clear();
  settings.smtpd_recipient_restrictions = {Restriction::reject};
  Explanation explanation(settings);
  EXPECT_EQ(examine_now(&explanation).line, "250 2.1.5 Ok");
  EXPECT_EQ(shown(explanation.rows(false)),
            "smtpd_recipient_restrictions reject: not reached: a bare postmaster is never refused (RFC 5321 "
            "section "
            "4.5.1)\n");
}

}  // namespace
}  // namespace fallbackmx
