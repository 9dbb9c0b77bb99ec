#include "milter/session/verdict_log.h"

#include <gtest/gtest.h>

#include <vector>

#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

SessionState session() {
  SessionState state("7f3a01");
  state.client.name = "h.example.net";
  state.client.address = boost::asio::ip::make_address("192.0.2.9");
  begin_message(state, "<s@example.net>");
  return state;
}

Envelope envelope(const SessionState& state, std::string_view recipient = "<u@example.org>") {
  return envelope_of(state, recipient, {"relay", "example.org", ""});
}

Outcome refused() {
  Finding finding;
  finding.verdict = Verdict::undeliverable;
  finding.source = Source::probe;
  finding.stage = Stage::rcpt;
  finding.primary = "mx1.example.org[198.51.100.2]:25";
  finding.code = 550;
  finding.dsn = "5.1.1";
  finding.words = "User unknown";
  return {.reply = {550, "5.1.1",
                    "<u@example.org>: Recipient address rejected: undeliverable address: host said: ..."},
          .by = Restriction::reject_unverified_recipient,
          .finding = finding};
}

Outcome unavailable() {
  Outcome outcome = refused();
  outcome.reply = {};
  outcome.by.reset();
  outcome.unverified = true;
  outcome.finding->verdict = Verdict::unavailable;
  outcome.finding->stage = Stage::connect;
  outcome.finding->code = 0;
  outcome.finding->dsn.clear();
  outcome.finding->words.clear();
  outcome.finding->why = "mx1.example.org[198.51.100.2]:25: connection refused";
  return outcome;
}

AnsweredRecipient told(const SessionState& state, const Envelope& asked, const Outcome& outcome,
                       std::chrono::milliseconds delay = 0ms) {
  return answered(state, asked, outcome, Enforcement::enforce, {}, delay);
}

TEST(VerdictLog, AWarningSaysWhatWouldHaveBeenSaid) {
  const SessionState state = session();
  const Outcome::Warning warning{
      Restriction::reject_unknown_sender_domain,
      {550, "5.1.8", "<s@example.net>: Sender address rejected: Domain not found"}};
  EXPECT_EQ(warning_line(told(state, envelope(state), {}), warning).text(),
            "NOQUEUE: sid=7f3a01 rcpt=<u@example.org> from=<s@example.net> client=h.example.net[192.0.2.9] "
            "action=warn restriction=reject_unknown_sender_domain code=550 dsn=5.1.8 "
            "reply=\"<s@example.net>: Sender address rejected: Domain not found\"");
}

TEST(VerdictLog, ALineSaysWhatTheMtaMadeOfTheRecipient) {
  const SessionState state = session();
  const Envelope rewritten =
      envelope_of(state, "<example.org!u@fallback.example>", {"relay", "example.org", "u@example.org"});
  const std::string line = verdict_line(told(state, rewritten, refused(), 132ms)).text();
  EXPECT_NE(line.find("rcpt=<example.org!u@fallback.example> resolved=<u@example.org> from=<s@example.net>"),
            std::string::npos)
      << line;
}

TEST(VerdictLog, ALineHasEverything) {
  const SessionState state = session();
  EXPECT_EQ(
      verdict_line(told(state, envelope(state), refused(), 132ms)).text(),
      "NOQUEUE: sid=7f3a01 rcpt=<u@example.org> from=<s@example.net> client=h.example.net[192.0.2.9] "
      "action=reject verdict=undeliverable source=probe primary=mx1.example.org[198.51.100.2]:25 stage=rcpt "
      "tls=none code=550 dsn=5.1.1 delay=0.132 reply=\"User unknown\"");
}

TEST(VerdictLog, UnverifiedMailSaysWhyAndWhatIsRemembered) {
  const SessionState state = session();
  EXPECT_EQ(verdict_line(told(state, envelope(state), unavailable(), 5021ms)).text(),
            "NOQUEUE: sid=7f3a01 rcpt=<u@example.org> from=<s@example.net> client=h.example.net[192.0.2.9] "
            "action=accept unverified=yes verdict=unavailable source=probe remembered=nothing "
            "primary=mx1.example.org[198.51.100.2]:25 stage=connect tls=none delay=5.021 "
            "why=\"mx1.example.org[198.51.100.2]:25: connection refused\"");
}

TEST(VerdictLog, AnotherRestrictionIsNamedWithOurOwnReply) {
  SessionState state = session();
  state.message.queue_id = "4XyZ";
  state.client.address.reset();
  const Outcome outcome = {
      .reply = {450, "4.1.8", "<s@example.net>: Sender address rejected: Domain not found"},
      .by = Restriction::reject_unknown_sender_domain};
  EXPECT_EQ(
      verdict_line(told(state, envelope(state), outcome, 0ms)).text(),
      "4XyZ: sid=7f3a01 rcpt=<u@example.org> from=<s@example.net> client=h.example.net[unknown] action=defer "
      "restriction=reject_unknown_sender_domain code=450 dsn=4.1.8 delay=0.000 "
      "reply=\"<s@example.net>: Sender address rejected: Domain not found\"");
}

TEST(VerdictLog, WhatARemoteSideWroteCannotForgeAField) {
  const SessionState state = session();
  Outcome outcome = refused();
  outcome.finding->words = "gone\" action=accept \n 2026 info: forged";
  const std::string line =
      verdict_line(told(state, envelope(state, "<x> action=accept rcpt=<y\r\n@example.org>"), outcome, 1ms))
          .text();
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  EXPECT_EQ(line.find('\r'), std::string::npos) << line;
  EXPECT_NE(line.find("unreadable=yes"), std::string::npos) << line;
  EXPECT_NE(line.find(" action=reject "), std::string::npos) << line;
  EXPECT_NE(line.find("reply=\"gone\\\" action=accept \\x0a 2026 info: forged\""), std::string::npos) << line;
}

TEST(VerdictLog, OnlyVerdictsAndRefusalsAreWorthALine) {
  std::vector<std::string> lines;
  Log log([&](LogLevel level, std::string_view) { lines.emplace_back(to_string(level)); }, LogLevel::info);
  Simulation clock;
  VerdictLog verdicts(log, clock);
  const SessionState state = session();
  const auto write = [&](const SessionState& from, const Envelope& asked, const Outcome& outcome) {
    verdicts.write(told(from, asked, outcome), asked, outcome);
  };
  write(state, envelope(state), {});
  EXPECT_TRUE(lines.empty());
  write(state, envelope(state), refused());
  write(state, envelope(state), {.unverified = true});
  EXPECT_EQ(lines, (std::vector<std::string>{"info", "info"}));
}

TEST(VerdictLog, WhoIsNotAskedAboutHasALineAndItsDomainAWarning) {
  std::vector<std::string> lines;
  Log log(
      [&](LogLevel level, std::string_view line) {
        lines.push_back(std::string(to_string(level)) + ' ' + std::string(line));
      },
      LogLevel::info);
  Simulation clock;
  VerdictLog verdicts(log, clock);
  const SessionState state = session();
  const auto write = [&](std::string_view recipient, NotAsked why) {
    const Envelope asked = envelope(state, recipient);
    const Outcome outcome{.not_asked = std::move(why)};
    verdicts.write(told(state, asked, outcome), asked, outcome);
  };
  write("<u@example.org>", {NotAsked::Reason::final, "the MTA delivers it itself, by local"});
  EXPECT_TRUE(lines.empty()) << "that is no news";
  write("<u@example.org>", {NotAsked::Reason::outgoing, "mail of our own users"});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].ends_with("action=accept verdict=not-asked delay=0.000 why=\"mail of our own users\""))
      << lines[0];
  lines.clear();
  for (int i = 0; i < 2; ++i)
    write("<u@example.org>", {NotAsked::Reason::not_listed, "not in relay_domains"});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(
      lines[1],
      "warning not-asked domain=example.org mailer=relay next_hop=example.org why=\"not in relay_domains\"");
  lines.clear();
  for (int i = 0; i < 1000; ++i)
    write("<u@d" + std::to_string(i) + ".example>", {NotAsked::Reason::not_listed, "not in relay_domains"});
  EXPECT_LT(lines.size(), 1300u) << "warnings are bounded";
}

TEST(VerdictLog, AnAlarmRingsOncePerDomainInTenMinutes) {
  int alarms = 0;
  std::string last;
  Log log([&](LogLevel, std::string_view line) { ++alarms, last = line; }, LogLevel::warning);
  Simulation clock;
  VerdictLog verdicts(log, clock);
  const SessionState state = session();
  Outcome outcome = unavailable();
  outcome.finding->verdict = Verdict::misrouted;
  outcome.alarm = true;
  const auto ring = [&](std::string_view recipient) {
    const Envelope asked = envelope(state, recipient);
    verdicts.write(told(state, asked, outcome), asked, outcome);
  };
  ring("<a@example.org>");
  ring("<b@example.org>");
  EXPECT_EQ(alarms, 1);
  ring("<a@example.com>");
  EXPECT_EQ(alarms, 2);
  clock.sleeper()->sleep_until(clock.now() + 11min);
  ring("<a@example.org>");
  EXPECT_EQ(alarms, 3);
  EXPECT_TRUE(last.ends_with(" suppressed=1")) << last;
}

}  // namespace
}  // namespace fallbackmx
