#include "milter/rules/decision.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fallbackmx {
namespace {

using Action = Decision::Action;

constexpr std::string_view recipient = "u@example.org";

/// What decide() looks at, at the documented defaults.
Settings rules() {
  Settings settings;
  settings.unverified_recipient_reject_code = 550;
  settings.unverified_recipient_defer_code = 450;
  settings.unverified_recipient_tempfail_action = UnverifiedAction::permit;
  settings.primary_undecided_action = UndecidedAction::automatic;
  settings.primary_unavailable_known_bad_action = KnownBadAction::defer;
  return settings;
}

Finding found(Verdict verdict, Remembered remembered, bool from_mx = true) {
  Finding finding;
  finding.verdict = verdict;
  finding.remembered = remembered;
  finding.from_mx = from_mx;
  return finding;
}

/// pass, pass unverified, reject 550, defer 450, defer_if_permit 450, and "alarm" behind it.
std::string told(const Decision& decision) {
  static constexpr const char* names[] = {"pass", "reject", "defer", "defer_if_permit"};
  std::string text = names[static_cast<int>(decision.action)];
  if (decision.unverified) text += " unverified";
  if (decision.reply.code != 0) text += ' ' + std::to_string(decision.reply.code);
  if (decision.alarm) text += " alarm";
  return text;
}

const auto all_remembered = {Remembered::nothing, Remembered::yes, Remembered::no};

TEST(Decision, AYesPassesWhateverIsRememberedOrConfigured) {
  for (const auto remembered : all_remembered) {
    Settings settings = rules();
    settings.unverified_recipient_tempfail_action = UnverifiedAction::defer;
    settings.primary_undecided_action = UndecidedAction::defer;
    EXPECT_EQ(told(decide(found(Verdict::deliverable, remembered), settings, recipient)), "pass");
  }
}

TEST(Decision, ANoIsRefusedByTheClassOfTheRejectCode) {
  struct Case {
    int code;
    UnverifiedAction tempfail;
    std::string_view want, wording;
  };
  const Case cases[] = {
      {550, UnverifiedAction::permit, "reject 550", "undeliverable address"},
      {550, UnverifiedAction::defer, "reject 550", "undeliverable address"},
      {550, UnverifiedAction::defer_if_permit, "reject 550", "undeliverable address"},
      {554, UnverifiedAction::permit, "reject 554", "undeliverable address"},
      {450, UnverifiedAction::defer, "defer 450", "unverified address"},
      {450, UnverifiedAction::defer_if_permit, "defer_if_permit 450", "unverified address"},
      {450, UnverifiedAction::permit, "defer_if_permit 450", "unverified address"},
      {250, UnverifiedAction::defer, "pass", ""},
      {250, UnverifiedAction::permit, "pass", ""},
  };
  for (const auto& c : cases) {
    for (const auto remembered : all_remembered) {
      Settings settings = rules();
      settings.unverified_recipient_reject_code = c.code;
      settings.unverified_recipient_tempfail_action = c.tempfail;
      const Decision decision = decide(found(Verdict::undeliverable, remembered), settings, recipient);
      EXPECT_EQ(told(decision), c.want) << c.code;
      EXPECT_NE(decision.reply.text.find(c.wording), std::string::npos) << decision.reply.text;
    }
  }
}

TEST(Decision, EveryCellOfUnavailable) {
  struct Case {
    Remembered remembered;
    KnownBadAction known_bad;
    UnverifiedAction tempfail;
    int defer_code;
    std::string_view want;
  };
  using U = UnverifiedAction;
  using K = KnownBadAction;
  const Case cases[] = {
      {Remembered::yes, K::defer, U::permit, 450, "pass"},
      {Remembered::yes, K::defer, U::defer, 450, "pass"},
      {Remembered::yes, K::permit, U::defer_if_permit, 450, "pass"},
      {Remembered::no, K::defer, U::permit, 450, "defer 450"},
      {Remembered::no, K::defer, U::defer, 451, "defer 451"},
      {Remembered::no, K::defer, U::defer_if_permit, 450, "defer 450"},
      {Remembered::no, K::defer, U::permit, 250, "pass unverified"},
      {Remembered::no, K::permit, U::permit, 450, "pass unverified"},
      {Remembered::no, K::permit, U::defer, 450, "pass unverified"},
      {Remembered::nothing, K::defer, U::permit, 450, "pass unverified"},
      {Remembered::nothing, K::defer, U::defer, 450, "defer 450"},
      {Remembered::nothing, K::defer, U::defer, 421, "defer 421"},
      {Remembered::nothing, K::defer, U::defer, 250, "pass unverified"},
      {Remembered::nothing, K::defer, U::defer_if_permit, 450, "defer_if_permit 450"},
      {Remembered::nothing, K::permit, U::defer_if_permit, 250, "pass unverified"},
  };
  for (const auto& c : cases) {
    for (const bool from_mx : {true, false}) {
      Settings settings = rules();
      settings.primary_unavailable_known_bad_action = c.known_bad;
      settings.unverified_recipient_tempfail_action = c.tempfail;
      settings.unverified_recipient_defer_code = c.defer_code;
      EXPECT_EQ(told(decide(found(Verdict::unavailable, c.remembered, from_mx), settings, recipient)), c.want)
          << to_string(c.remembered) << ' ' << c.defer_code;
    }
  }
}

TEST(Decision, EveryCellOfDeferredRefusedAndLate) {
  struct Case {
    Remembered remembered;
    UndecidedAction action;
    bool from_mx;
    int defer_code;
    std::string_view want;
  };
  using U = UndecidedAction;
  const Case cases[] = {
      {Remembered::yes, U::automatic, true, 450, "pass"},
      {Remembered::yes, U::defer, true, 450, "pass"},
      {Remembered::yes, U::permit, false, 450, "pass"},
      {Remembered::no, U::automatic, true, 450, "defer 450"},
      {Remembered::no, U::automatic, false, 450, "pass unverified"},
      {Remembered::no, U::defer, false, 450, "defer 450"},
      {Remembered::no, U::permit, true, 450, "pass unverified"},
      {Remembered::nothing, U::automatic, true, 450, "defer 450"},
      {Remembered::nothing, U::automatic, true, 250, "pass unverified"},
      {Remembered::nothing, U::automatic, false, 450, "pass unverified"},
      {Remembered::nothing, U::defer, true, 450, "defer 450"},
      {Remembered::nothing, U::defer, false, 450, "defer 450"},
      {Remembered::nothing, U::defer, false, 250, "pass unverified"},
      {Remembered::nothing, U::permit, true, 450, "pass unverified"},
  };
  for (const auto& c : cases) {
    for (const auto verdict : {Verdict::deferred, Verdict::refused, Verdict::late}) {
      Settings settings = rules();
      settings.primary_undecided_action = c.action;
      settings.unverified_recipient_defer_code = c.defer_code;
      // A primary that refuses us would bounce what is accepted for somebody who is only remembered to exist.
      const bool refuses_us = verdict == Verdict::refused && c.remembered == Remembered::yes;
      const std::string_view want = !refuses_us             ? c.want
                                    : c.action == U::permit ? "pass unverified"
                                                            : "defer 450";
      EXPECT_EQ(told(decide(found(verdict, c.remembered, c.from_mx), settings, recipient)), want)
          << to_string(verdict) << ' ' << to_string(c.remembered);
    }
  }
}

TEST(Decision, MisroutedIsAlwaysDeferredWithAnAlarm) {
  for (const auto remembered : all_remembered) {
    for (const int code : {450, 250}) {
      for (const auto tempfail : {UnverifiedAction::permit, UnverifiedAction::defer}) {
        Settings settings = rules();
        settings.unverified_recipient_defer_code = code;
        settings.unverified_recipient_tempfail_action = tempfail;
        settings.primary_undecided_action = UndecidedAction::permit;
        EXPECT_EQ(told(decide(found(Verdict::misrouted, remembered), settings, recipient)),
                  "defer 450 alarm");
      }
    }
  }
}

/// Promise 1: no 5xx about a recipient without a proven no.
TEST(Decision, OnlyAProvenNoIsEverAPermanentRefusal) {
  for (const auto verdict : {Verdict::deliverable, Verdict::deferred, Verdict::refused, Verdict::unavailable,
                             Verdict::misrouted, Verdict::late}) {
    for (const auto remembered : all_remembered) {
      for (const auto tempfail :
           {UnverifiedAction::permit, UnverifiedAction::defer, UnverifiedAction::defer_if_permit}) {
        Settings settings = rules();
        settings.unverified_recipient_tempfail_action = tempfail;
        settings.primary_undecided_action = UndecidedAction::defer;
        Finding finding = found(verdict, remembered);
        finding.code = 550;
        finding.dsn = "5.7.1";
        const Decision decision = decide(finding, settings, recipient);
        EXPECT_LT(decision.reply.code, 500) << to_string(verdict);
        EXPECT_NE(decision.action, Action::reject) << to_string(verdict);
      }
    }
  }
}

TEST(Decision, TextsArePostfixsOwn) {
  struct Case {
    std::string_view name;
    Verdict verdict;
    int code;
    std::string_view dsn, words, reason, want;
  };
  const Case cases[] = {
      {"the primary's words", Verdict::undeliverable, 550, "5.1.1", "No such user", "",
       "5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: host said: 550 5.1.1 No "
       "such user"},
      {"a primary without enhanced codes", Verdict::undeliverable, 551, "", "gone away", "",
       "5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: host said: 551 gone away"},
      {"a primary of few words", Verdict::undeliverable, 550, "", "", "",
       "5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: host said: 550"},
      {"a reason of our own", Verdict::undeliverable, 550, "5.1.1", "No such user", "Address lookup failed",
       "5.1.1 <u@example.org>: Recipient address rejected: undeliverable address: Address lookup failed"},
      {"a reason of our own, deferred", Verdict::deferred, 451, "4.7.1", "Greylisted",
       "Address lookup failed",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: Address lookup failed"},
      {"asked, not now", Verdict::deferred, 451, "4.7.1", "Greylisted", "",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: host said: 451 4.7.1 "
       "Greylisted"},
      {"a 5xx that is about us, not the recipient", Verdict::refused, 554, "5.7.1", "Blocked", "",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: host said: 554 5.7.1 Blocked"},
      {"too slow", Verdict::late, 0, "", "", "",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: Address verification in "
       "progress"},
      {"nobody to ask", Verdict::misrouted, 0, "", "", "",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: no primary mail server was "
       "found"},
      {"a handshake that failed", Verdict::refused, 0, "", "", "",
       "4.1.1 <u@example.org>: Recipient address rejected: unverified address: the primary mail server gave "
       "no "
       "verdict"},
  };
  for (const auto& c : cases) {
    Settings settings = rules();
    settings.unverified_recipient_reject_reason = c.reason;
    Finding finding = found(c.verdict, Remembered::nothing);
    finding.code = c.code;
    finding.dsn = c.dsn;
    finding.words = c.words;
    finding.primary = "mx1.example.org[192.0.2.1]:25";
    finding.why = "mx1.example.org[192.0.2.1]:25 said so";
    const Reply reply = decide(finding, settings, recipient).reply;
    EXPECT_EQ(reply.dsn + ' ' + reply.text, c.want) << c.name;
    EXPECT_EQ(reply.text.find("mx1"), std::string::npos) << c.name;
  }
}

TEST(Decision, APrimaryWithoutSmtputf8IsNamedAsTheReason) {
  Finding finding = found(Verdict::misrouted, Remembered::nothing);
  finding.stage = Stage::mail;
  const Decision decision = decide(finding, rules(), recipient);
  EXPECT_EQ(told(decision), "defer 450 alarm");
  EXPECT_EQ(
      decision.reply.text,
      "<u@example.org>: Recipient address rejected: unverified address: the primary mail server does not "
      "offer SMTPUTF8");
}

TEST(Decision, AKnownBadUserHearsThatThePrimaryIsAway) {
  EXPECT_EQ(decide(found(Verdict::unavailable, Remembered::no), rules(), recipient).reply.text,
            "<u@example.org>: Recipient address rejected: unverified address: the primary mail server is not "
            "available");
}

TEST(Decision, ThePrimarysWordsAreCutAt250Characters) {
  Finding finding = found(Verdict::undeliverable, Remembered::nothing);
  finding.code = 550;
  finding.words = std::string(2000, 'x');
  const std::string text = decide(finding, rules(), recipient).reply.text;
  const auto why = text.find("host said: ");
  ASSERT_NE(why, std::string::npos);
  EXPECT_EQ(text.size() - why, 250u);
}

TEST(Decision, SoftBounceDefersWhatItWouldReject) {
  Settings settings = rules();
  settings.soft_bounce = true;
  const Decision decision = decide(found(Verdict::undeliverable, Remembered::nothing), settings, recipient);
  EXPECT_EQ(decision.reply.code, 450);
  EXPECT_EQ(decision.reply.dsn, "4.1.1");
}

TEST(Decision, WhileThePrimaryIsUpNothingIsTakenIfThatIsWanted) {
  Settings settings = rules();
  settings.primary_up_action = UpAction::defer;
  for (const auto verdict :
       {Verdict::deliverable, Verdict::undeliverable, Verdict::deferred, Verdict::refused}) {
    for (const auto remembered : all_remembered) {
      const Decision decision = decide(found(verdict, remembered), settings, recipient);
      EXPECT_EQ(told(decision), "defer 450") << to_string(verdict);
      EXPECT_EQ(decision.reply.dsn, "4.3.2");
      EXPECT_EQ(decision.reply.text,
                "<u@example.org>: Recipient address rejected: the primary mail server is up, deliver there");
    }
  }
  EXPECT_EQ(told(decide(found(Verdict::unavailable, Remembered::nothing), settings, recipient)),
            "pass unverified");
  EXPECT_EQ(told(decide(found(Verdict::unavailable, Remembered::yes), settings, recipient)), "pass");
  EXPECT_EQ(told(decide(found(Verdict::late, Remembered::nothing), settings, recipient)), "defer 450");
}

TEST(Decision, WhoGuessesLearnsOnlyWhatIsRemembered) {
  Finding finding = found(Verdict::late, Remembered::nothing, false);
  finding.withheld = true;
  Settings settings = rules();
  settings.primary_undecided_action = UndecidedAction::permit;
  const Decision decision = decide(finding, settings, recipient);
  EXPECT_EQ(told(decision), "defer 450");
  EXPECT_EQ(decision.reply.text,
            "<u@example.org>: Recipient address rejected: too many unknown recipients from your address, try "
            "again later");
  finding.remembered = Remembered::no;
  EXPECT_EQ(told(decide(finding, settings, recipient)), "defer 450");
  finding.remembered = Remembered::yes;
  EXPECT_EQ(told(decide(finding, settings, recipient)), "pass");
}

}  // namespace
}  // namespace fallbackmx
