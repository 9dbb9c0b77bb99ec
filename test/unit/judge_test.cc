// The whole table of DESIGN 4.1, cell by cell.
#include "probe/smtp/judge.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace fallbackmx {
namespace {

using Next = Judgement::Next;

SmtpReply reply(int code, std::string dsn = "") {
  SmtpReply made;
  made.code = code;
  made.lines = {dsn.empty() ? "words" : dsn + " words"};
  made.dsn = std::move(dsn);
  return made;
}

const std::vector<Stage> all_stages = {Stage::connect, Stage::greeting, Stage::ehlo, Stage::starttls,
                                       Stage::mail,    Stage::rcpt,     Stage::rset, Stage::quit};

struct Row {
  std::string name;
  Stage stage;
  SmtpReply reply;
  Circumstances circumstances;
  Next next;
  Verdict verdict = Verdict::unavailable;
  bool alarm = false, end_session = false;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Circumstances none;
const Circumstances own_name{.own_name = true};
const Circumstances helo_tried{.helo_tried = true};
const Circumstances tls_required{.tls_required = true};
const Circumstances other_sender{.fallback_sender_left = true};
const Circumstances pipelined{.pipelined = true};
const Circumstances of_address{.subject = RejectionSubject::address};
const Circumstances proven{.subject = RejectionSubject::address, .proven = true};
const Circumstances proven_pipelined{.pipelined = true, .subject = RejectionSubject::address, .proven = true};
const Circumstances of_sender{.fallback_sender_left = true, .subject = RejectionSubject::sender};
const Circumstances of_last_sender{.subject = RejectionSubject::sender};
const Circumstances of_us{.subject = RejectionSubject::us, .proven = true};
const Circumstances of_us_null_sender{
    .fallback_sender_left = true, .subject = RejectionSubject::us, .null_sender = true};
const Circumstances of_us_null_sender_only{
    .subject = RejectionSubject::us, .null_sender = true, .proven = true};
const Circumstances of_rate{.fallback_sender_left = true, .subject = RejectionSubject::rate, .proven = true};

// clang-format off
const std::vector<Row> rows = {
    {"a greeting goes on",                    Stage::greeting, reply(220), none, Next::go_on},
    {"a 4xx greeting is unavailable",         Stage::greeting, reply(421), none, Next::land, Verdict::unavailable, false, true},
    {"a 5xx greeting is unavailable, alarm",  Stage::greeting, reply(554), none, Next::land, Verdict::unavailable, true, true},
    {"our own name in the greeting is a loop", Stage::greeting, reply(220), own_name, Next::land, Verdict::misrouted, true, true},
    {"a 3xx greeting is not understood",      Stage::greeting, reply(354), none, Next::land, Verdict::refused, true, true},

    {"EHLO goes on",                          Stage::ehlo, reply(250), none, Next::go_on},
    {"EHLO 220 answers something else",       Stage::ehlo, reply(220), none, Next::land, Verdict::refused, true, true},
    {"EHLO 4xx is unavailable",               Stage::ehlo, reply(451), none, Next::land, Verdict::unavailable, false, true},
    {"EHLO 5xx: HELO once",                   Stage::ehlo, reply(502), none, Next::try_helo},
    {"EHLO 5xx where TLS is required",        Stage::ehlo, reply(502), tls_required, Next::land, Verdict::refused, true, true},
    {"HELO 5xx is refused",                   Stage::ehlo, reply(550), helo_tried, Next::land, Verdict::refused, true, true},
    {"our own name in the EHLO reply",        Stage::ehlo, reply(250), own_name, Next::land, Verdict::misrouted, true, true},

    {"STARTTLS goes on",                      Stage::starttls, reply(220), none, Next::go_on},
    {"STARTTLS 4xx at may: plaintext",        Stage::starttls, reply(454), none, Next::try_plaintext, Verdict::unavailable, false, true},
    {"STARTTLS 5xx at may: plaintext",        Stage::starttls, reply(502), none, Next::try_plaintext, Verdict::unavailable, false, true},
    {"STARTTLS 4xx above may is refused",     Stage::starttls, reply(454), tls_required, Next::land, Verdict::refused, true, true},
    {"STARTTLS 5xx above may is refused",     Stage::starttls, reply(502), tls_required, Next::land, Verdict::refused, true, true},

    {"MAIL goes on",                          Stage::mail, reply(250), none, Next::go_on},
    {"MAIL 251 answers something else",       Stage::mail, reply(251), none, Next::land, Verdict::refused, true, true},
    {"MAIL 4xx is unavailable",               Stage::mail, reply(451), none, Next::land, Verdict::unavailable},
    {"MAIL 421 ends the session",             Stage::mail, reply(421), none, Next::land, Verdict::unavailable, false, true},
    {"MAIL 5xx: the other sender once",       Stage::mail, reply(550, "5.7.1"), other_sender, Next::try_fallback_sender},
    {"MAIL 5xx is refused",                   Stage::mail, reply(550, "5.1.1"), proven, Next::land, Verdict::refused, true},
    {"MAIL 503 under pipelining",             Stage::mail, reply(503), pipelined, Next::try_without_pipelining, Verdict::unavailable, false, true},
    {"MAIL 530 TLS required is refused",      Stage::mail, reply(530, "5.7.0"), proven, Next::land, Verdict::refused, true},

    {"RCPT 250 is deliverable",               Stage::rcpt, reply(250), none, Next::land, Verdict::deliverable},
    {"RCPT 251 is deliverable",               Stage::rcpt, reply(251), none, Next::land, Verdict::deliverable},
    {"RCPT 252 is deliverable",               Stage::rcpt, reply(252), none, Next::land, Verdict::deliverable},
    {"RCPT 450 is deferred",                  Stage::rcpt, reply(450, "4.2.0"), none, Next::land, Verdict::deferred},
    {"RCPT 451 greylisted is deferred",       Stage::rcpt, reply(451, "4.7.1"), proven, Next::land, Verdict::deferred},
    {"RCPT 421 is unavailable",               Stage::rcpt, reply(421), none, Next::land, Verdict::unavailable, false, true},
    {"RCPT 452 4.3.1 is unavailable",         Stage::rcpt, reply(452, "4.3.1"), none, Next::land, Verdict::unavailable},
    {"RCPT 552 mailbox full is deferred",     Stage::rcpt, reply(552), proven, Next::land, Verdict::deferred},
    {"RCPT 550 5.2.2 is deferred",            Stage::rcpt, reply(550, "5.2.2"), proven, Next::land, Verdict::deferred},
    {"RCPT 554 5.2.3 is deferred",            Stage::rcpt, reply(554, "5.2.3"), proven, Next::land, Verdict::deferred},
    {"RCPT 503 under pipelining",             Stage::rcpt, reply(503), proven_pipelined, Next::try_without_pipelining, Verdict::unavailable, false, true},
    {"RCPT 503 without pipelining is refused", Stage::rcpt, reply(503), proven, Next::land, Verdict::refused, true},
    {"RCPT 530 TLS required is refused",      Stage::rcpt, reply(530, "5.7.0"), proven, Next::land, Verdict::refused, true},
    {"RCPT 500 is about the dialogue",        Stage::rcpt, reply(500), proven, Next::land, Verdict::refused, true},
    {"RCPT 550 proven is undeliverable",      Stage::rcpt, reply(550, "5.1.1"), proven, Next::land, Verdict::undeliverable},
    {"RCPT 550 about the address asks for a control", Stage::rcpt, reply(550, "5.1.1"), of_address, Next::ask_control, Verdict::undeliverable},
    {"RCPT 550 about the sender: the other sender once", Stage::rcpt, reply(550, "5.1.8"), of_sender, Next::try_fallback_sender},
    {"RCPT 550 about the last sender is refused", Stage::rcpt, reply(550, "5.1.8"), of_last_sender, Next::land, Verdict::refused, true},
    {"RCPT 550 that may speak of us: a real recipient, however proven the server is", Stage::rcpt, reply(550, "5.7.1"), of_us, Next::ask_real_recipient, Verdict::undeliverable},
    {"RCPT 550 that may speak of us under <>: the other sender first", Stage::rcpt, reply(550, "5.7.1"), of_us_null_sender, Next::try_fallback_sender},
    {"RCPT 550 that may speak of us under <> alone is refused", Stage::rcpt, reply(550, "5.7.1"), of_us_null_sender_only, Next::land, Verdict::refused, true},
    {"RCPT 550 about how much we ask is never believed", Stage::rcpt, reply(550, "5.7.1"), of_rate, Next::land, Verdict::refused, true},
    {"RCPT 354 is refused",                   Stage::rcpt, reply(354), proven, Next::land, Verdict::refused, true, true},
    {"RCPT 150 is refused",                   Stage::rcpt, reply(150), proven, Next::land, Verdict::refused, true, true},

    {"RSET keeps the session",                Stage::rset, reply(250), none, Next::keep},
    {"RSET 221 answers something else",       Stage::rset, reply(221), none, Next::drop_session, Verdict::unavailable, false, true},
    {"RSET 4xx drops it",                     Stage::rset, reply(451), none, Next::drop_session, Verdict::unavailable, false, true},
    {"RSET 5xx drops it",                     Stage::rset, reply(502), none, Next::drop_session, Verdict::unavailable, false, true},
    {"QUIT is good-bye",                      Stage::quit, reply(221), none, Next::keep},
    {"QUIT 5xx drops it",                     Stage::quit, reply(500), none, Next::drop_session, Verdict::unavailable, false, true},
};
// clang-format on

class JudgeTable : public testing::TestWithParam<Row> {};

TEST_P(JudgeTable, SaysWhatTheDesignSays) {
  const Row& row = GetParam();
  const Judgement judgement = judge({row.stage, &row.reply}, row.circumstances);
  EXPECT_EQ(judgement.next, row.next);
  EXPECT_EQ(judgement.alarm, row.alarm);
  EXPECT_EQ(judgement.end_session, row.end_session);
  if (row.next == Next::land || row.next == Next::ask_control || row.next == Next::ask_real_recipient) {
    EXPECT_EQ(to_string(judgement.verdict), to_string(row.verdict));
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, JudgeTable, testing::ValuesIn(rows));

TEST(Judge, ASilentOrBrokenServerIsUnavailableAtEveryStageButThoseThatDoNotMatter) {
  for (Stage stage : all_stages) {
    const Judgement judgement = judge({stage, nullptr}, proven);
    SCOPED_TRACE(to_string(stage));
    EXPECT_TRUE(judgement.end_session);
    if (stage == Stage::rset || stage == Stage::quit) {
      EXPECT_EQ(judgement.next, Next::drop_session);
    } else if (stage == Stage::starttls) {
      EXPECT_EQ(judgement.next, Next::try_plaintext);
    } else {
      EXPECT_EQ(judgement.next, Next::land);
      EXPECT_EQ(judgement.verdict, Verdict::unavailable);
    }
  }
}

TEST(Judge, OnlyRcptSpeaksAboutRecipients) {
  for (Stage stage : all_stages) {
    if (stage == Stage::rcpt) continue;
    for (int code = 100; code < 600; ++code) {
      for (bool contradictory : {false, true}) {
        SmtpReply heard = reply(code, code >= 500 ? "5.1.1" : "");
        heard.contradictory = contradictory;
        for (const auto& circumstances : {none, proven, helo_tried, proven_pipelined, tls_required}) {
          const Judgement judgement = judge({stage, &heard}, circumstances);
          EXPECT_FALSE(judgement.next == Next::land && is_final(judgement.verdict))
              << to_string(stage) << " " << code;
          EXPECT_NE(judgement.next, Next::ask_control) << to_string(stage) << " " << code;
        }
      }
    }
  }
}

TEST(Judge, ARejectionNeedsAProven5xxToRcpt) {
  for (int code = 100; code < 600; ++code) {
    for (const char* dsn : {"", "5.1.1", "4.1.1", "5.7.1"}) {
      for (bool contradictory : {false, true}) {
        SmtpReply heard = reply(code, dsn);
        heard.contradictory = contradictory;
        for (const auto& circumstances : {none, proven, pipelined, proven_pipelined, of_us, of_rate}) {
          const Judgement judgement = judge({Stage::rcpt, &heard}, circumstances);
          if (judgement.next != Next::land || judgement.verdict != Verdict::undeliverable) continue;
          EXPECT_TRUE(circumstances.proven) << code;
          EXPECT_EQ(circumstances.subject, RejectionSubject::address) << code;
          EXPECT_EQ(code / 100, 5);
          EXPECT_FALSE(contradictory) << code;
        }
      }
    }
  }
}

TEST(Judge, LinesThatDisagreeAreRefusedWhateverTheySay) {
  for (int code : {250, 450, 550}) {
    SmtpReply heard = reply(code);
    heard.contradictory = true;
    const Judgement judgement = judge({Stage::rcpt, &heard}, proven);
    EXPECT_EQ(judgement.next, Next::land);
    EXPECT_EQ(judgement.verdict, Verdict::refused) << code;
  }
}

TEST(Judge, TheFirstDigitOutranksTheEnhancedCode) {
  const SmtpReply mixed = reply(450, "5.1.1");
  EXPECT_EQ(judge({Stage::rcpt, &mixed}, proven).verdict, Verdict::deferred);
}

}  // namespace
}  // namespace fallbackmx
