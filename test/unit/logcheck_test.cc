// The rules that keep logcheck(8) from mailing every verdict to the administrator.

#include <gtest/gtest.h>
#include <regex.h>

#include <fstream>
#include <string>
#include <vector>

#include "milter/session/session_log.h"
#include "milter/session/verdict_log.h"

namespace fallbackmx {
namespace {

/// As grep -E reads it, which is what logcheck uses.
class Rule {
 public:
  explicit Rule(const std::string& text) {
    good_ = regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
  }
  ~Rule() {
    if (good_) regfree(&regex_);
  }
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  bool good() const { return good_; }
  bool ignores(const std::string& line) const { return regexec(&regex_, line.c_str(), 0, nullptr, 0) == 0; }

 private:
  regex_t regex_{};
  bool good_ = false;
};

class Logcheck : public ::testing::Test {
 protected:
  Logcheck() {
    std::ifstream file(FALLBACKMX_SOURCE_DIR "/debian/fallbackmx.logcheck.ignore.server");
    for (std::string text; std::getline(file, text);) rules_.push_back(std::make_unique<Rule>(text));
    EXPECT_FALSE(rules_.empty());
    for (const auto& rule : rules_) EXPECT_TRUE(rule->good());
  }

  /// With either kind of time stamp.
  bool is_ignored(const std::string& line) const {
    const std::string head = " mx2.example.net fallbackmx[4711]: ";
    const bool old_style = any("Nov  2 10:42:07" + head + line);
    EXPECT_EQ(old_style, any("2026-11-22T10:42:07.123456+01:00" + head + line)) << line;
    return old_style;
  }

  bool any(const std::string& line) const {
    for (const auto& rule : rules_) {
      if (rule->ignores(line)) return true;
    }
    return false;
  }

  std::vector<std::unique_ptr<Rule>> rules_;
};

TEST_F(Logcheck, NoVerdictIsMailed) {
  AnsweredRecipient told;
  told.sid = "7f3a01";
  told.recipient = "a b\"@example.org";
  told.sender = "";
  told.client = "h.example.net[192.0.2.9]";
  told.reply = "no\r\nsuch \"user\"";
  const auto look = [&] {
    const LogLine line = verdict_line(told);
    EXPECT_TRUE(is_ignored(line.text())) << line.text();
    EXPECT_TRUE(is_ignored(line.json(LogLevel::info, {}))) << line.json(LogLevel::info, {});
  };
  for (const char* queue_id : {"", "4XyZ12", "5AM9fQ2x012345"}) {
    told.queue_id = queue_id;
    for (const char* action : {"accept", "defer", "reject"}) {
      told.action = action;
      for (const int code : {0, 450, 550}) {
        told.code = code;
        told.verdict.reset();
        look();
        for (const Verdict verdict :
             {Verdict::deliverable, Verdict::undeliverable, Verdict::deferred, Verdict::refused,
              Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
          told.verdict = verdict;
          told.log_only = told.unverified = verdict == Verdict::late;
          look();
        }
      }
    }
  }
  const Outcome::Warning warning{Restriction::reject_unknown_sender_domain,
                                 {550, "5.1.8", "Domain not found"}};
  EXPECT_TRUE(is_ignored(warning_line(told, warning).text()));
}

TEST_F(Logcheck, NorIsWhatIsInOrder) {
  for (const char* line :
       {"4XyZ: sid=7f3a01 from=<s@example.net> client=h[192.0.2.9] accepted=2 unverified=1", "stopping",
        "stopped", "reload: the new configuration is in force",
        "there are descriptors for new connections again",
        "fallbackmx-milter 0.1.0 listens on local:/run/fallbackmx/milter.sock",
        "for Postfix's main.cf: smtpd_milters = { unix:fallbackmx/milter.sock, default_action=tempfail }",
        "mx1.example.org[192.0.2.1]:25 lets us have 2 session(s): mx1 said 421 4.7.0 too many",
        "mx1.example.org[2001:db8::1]:25 accepts every recipient in example.org",
        "mx1.example.org[192.0.2.1]:25 no longer accepts every recipient in example.org",
        "mx1.example.org[192.0.2.1]:25 ends a session at RSET after 10 recipients: at most 9 from now on",
        "mx1.example.org[192.0.2.1]:25 advertises PIPELINING and answers 503: one command at a time from now "
        "on",
        "mx1.example.org[192.0.2.1]:25: STARTTLS failed (handshake failure), once more without TLS",
        "mx1.example.org[192.0.2.1]:25: answers without TLS, and is asked in plaintext for 1 h",
        "unix:/run/dovecot/lmtp accepts every recipient in example.org",
        "redis:127.0.0.1:6379: verdicts are shared",
        "control: uid=0 pid=4711 asks for remember forget address=user@example.org"})
    EXPECT_TRUE(is_ignored(line)) << line;
}

TEST_F(Logcheck, WhatAnAdministratorShouldReadIs) {
  for (
      const char* line :
      {"primary is down: mx1.example.org[192.0.2.1]:25: Connection refused (at stage connect); next trial in "
       "30 s",
       "primary mx1.example.org[192.0.2.1]:25 is back event=primary-up "
       "primary=mx1.example.org[192.0.2.1]:25 seconds=312.4 unverified=17 longest_wait=5.0",
       "alarm: refused: mx1.example.org[192.0.2.1]:25 said 550 5.7.1 stopped (in reply to RCPT) suppressed=7",
       "alarm: nobody to ask about recipients, mail for them is deferred: domain=example.org",
       "reload: milter.conf:12: no such parameter", "reload: the old configuration stays in force",
       "verify database /var/lib/fallbackmx/verify.db: file is not a database; set aside as verify.db.broken",
       "verify database /var/lib/fallbackmx/verify.db: written again",
       "trouble in a milter callback: sid=7f3a01 callback=envrcpt why=\"out of memory\"",
       R"({"time":"2026-11-22T10:42:07.123Z","level":"warning","message":"primary is down"})"})
    EXPECT_FALSE(is_ignored(line)) << line;
}

}  // namespace
}  // namespace fallbackmx
