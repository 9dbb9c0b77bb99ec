// Milter callbacks in any order. A line is a step:
//
//     session 2                          the next steps are of this session, 0 to 3
//     negotiate 511                      the actions that the MTA offers
//     connect mail.example.com 192.0.2.7     without an address the MTA does not know it; `-` is no name
//     helo name                          nothing behind it: no argument
//     from <s@example.net> SMTPUTF8
//     rcpt <u@example.org>
//     eom, abort, close
//     macro {rcpt_mailer} smtp           of the session; without a value: not there any more
//     unwilling                          libmilter refuses whatever the session asks of it
//     verdict undeliverable 550 5.1.1 no such user      what the verifier finds from now on
//     broken                             the verifier throws, until there is a verdict again
//     set soft_bounce=yes                a reload with this setting
//     drain, shut
//
// The daemon's own desk, rules and log stand behind the callbacks.
#include <array>
#include <charconv>
#include <memory>

#include "milter/session/callbacks.h"
#include "probe/base/metrics.h"
#include "probe/mail/smtp_reply.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"
#include "test/fuzz/milter_session.h"
#include "test/fuzz/script.h"
#include "test/fuzz/settings_with.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

unsigned long number(std::string_view text) {
  unsigned long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Verdict verdict_named(std::string_view name) {
  for (const auto verdict : {Verdict::deliverable, Verdict::undeliverable, Verdict::deferred,
                             Verdict::refused, Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
    if (to_string(verdict) == name) return verdict;
  }
  return Verdict::unavailable;
}

/// As the verifier has it: what is the server's is printable.
Finding finding_in(std::string_view line) {
  Finding finding{.verdict = verdict_named(take_word(line)), .source = Source::probe, .stage = Stage::rcpt};
  finding.code = static_cast<int>(number(take_word(line)) % 600);
  finding.dsn = printable(take_word(line), 11);
  finding.words = printable(line);
  finding.why = printable(line, 900);
  finding.primary = "mx1.example.org[192.0.2.1]:25";
  return finding;
}

class MilterDaemon {
 public:
  MilterDaemon() : settings_(initial()), desk_(services(), settings_) {
    resolver_.add("example.org MX 10 mx1.example.org");
    resolver_.add("example.net A 192.0.2.9");
    resolver_.add("dead.example SERVFAIL");
    register_callbacks(desk_, log_);
  }
  MilterDaemon(const MilterDaemon&) = delete;
  MilterDaemon& operator=(const MilterDaemon&) = delete;

  void step(std::string_view line) {
    const auto verb = take_word(line);
    if (verb == "session") current_ = number(line) % sessions_.size();
    if (verb == "verdict") finding_ = finding_in(line);
    broken_ = verb == "broken" || (verb != "verdict" && broken_);
    if (verb == "set") set(line);
    if (verb == "drain") desk_.drain();
    if (verb == "shut") desk_.close(std::chrono::milliseconds(0));
    if (verb == "unwilling") session().be_unwilling();
    if (verb == "macro") {
      const auto name = take_word(line);
      session().set_macro(name, line);
    }
    callback(verb, line);
  }

  /// libmilter closes every session.
  void end() {
    for (current_ = 0; current_ < sessions_.size(); ++current_) close();
    require(waiting_ == 0, "whoever says that it waits says when it has an answer");
  }

 private:
  static std::shared_ptr<const Settings> initial() {
    static const auto settings = settings_with({"relay_domains=example.org, below.example"});
    return settings;
  }

  DeskServices services() {
    return {clock_,
            resolver_,
            log_,
            metrics_,
            [this](const Question&) {
              if (broken_) throw std::runtime_error("out of descriptors");
              return finding_;
            },
            [this] { ++waiting_; },
            [this] { --waiting_; }};
  }

  MilterSession& session() {
    auto& session = sessions_[current_];
    if (!session) session = std::make_unique<MilterSession>();
    return *session;
  }

  void set(std::string_view line) {
    if (line.find('/') != std::string_view::npos) return;  // the machine's own files are no part of the input
    if (auto settings = settings_with({"relay_domains=example.org, below.example", std::string(line)})) {
      settings_ = std::move(settings);
      desk_.reload(settings_);
    }
  }

  void callback(std::string_view verb, std::string_view line) {
    if (verb == "negotiate") answered(session().negotiate(number(line)), false);
    if (verb == "connect") {
      const auto name = take_word(line);
      unanswered(session().connect(name, line));
    }
    if (verb == "helo") unanswered(session().helo(line));
    if (verb == "from") unanswered(session().from(line));
    if (verb == "rcpt") answered(session().rcpt(line), true);
    if (verb == "eom") answered(session().end_of_message(), false);
    if (verb == "abort") answered(session().abort(), false);
    if (verb == "close") close();
  }

  void close() {
    if (!sessions_[current_]) return;
    answered(session().close(), false);
    sessions_[current_].reset();
  }

  void unanswered(const MilterSession::Answer& answer) {
    require(answer.status == SMFIS_NOREPLY, "who was told not to wait hears nothing");
    require(!answer.reply, "no reply is left behind");
    require(log_is_clean_, "a line of the log is printable, and bounded");
  }

  /// libmilter keeps a reply that does not go with the status, and shows it some other time.
  void answered(const MilterSession::Answer& answer, bool about_recipient) {
    const auto& [status, reply] = answer;
    require(log_is_clean_, "a line of the log is printable, and bounded");
    require(status == SMFIS_CONTINUE || about_recipient, "only RCPT is answered with a no");
    require(status == SMFIS_CONTINUE || status == SMFIS_REJECT || status == SMFIS_TEMPFAIL,
            "an answer is about one recipient");
    if (status == SMFIS_CONTINUE) return require(!reply, "no reply is left behind");
    const char digit = status == SMFIS_REJECT ? '5' : '4';
    if (session().unwilling()) return;
    require(reply && reply->code[0] == digit, "a no has a reply of its class");
    require(settings_->mode != Enforcement::log_only || closed(*reply), "in log-only mode nobody is refused");
    require(!broken_ || status == SMFIS_TEMPFAIL || !says_undeliverable(*reply), "trouble of ours is no 5xx");
    require(finding_.verdict == Verdict::undeliverable || !says_undeliverable(*reply),
            "nobody is undeliverable without a verdict");
  }

  static bool closed(const smfi_str::Reply& reply) { return reply.dsn == "4.3.2"; }
  static bool says_undeliverable(const smfi_str::Reply& reply) {
    return reply.code[0] == '5' && reply.text.find("undeliverable address: ") != std::string::npos;
  }

  Simulation clock_;
  FakeResolver resolver_{[](SteadyTime) {}};
  Log log_{[this](LogLevel, std::string_view line) {
             if (!is_clean_log_line(line)) log_is_clean_ = false;
           },
           LogLevel::debug};
  Metrics metrics_;
  Finding finding_{.verdict = Verdict::deliverable};
  bool broken_ = false, log_is_clean_ = true;
  int waiting_ = 0;
  std::shared_ptr<const Settings> settings_;
  Desk desk_;
  std::array<std::unique_ptr<MilterSession>, 4> sessions_;  ///< of the desk
  std::size_t current_ = 0;
};

}  // namespace

void milter_callbacks(std::string_view input) {
  MilterDaemon daemon;
  for (const auto line : lines_of(input)) daemon.step(line);
  daemon.end();
}

}  // namespace fallbackmx::fuzz
