// What the log says about one RCPT TO, and the alarms that an administrator should hear.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

#include "milter/session/answered_recipient.h"
#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/base/rate_limit.h"

namespace fallbackmx {

/// `NOQUEUE: sid=7f3a01 rcpt=<u@example.org> from=<s@example.net> client=h[192.0.2.9] action=reject
/// verdict=undeliverable source=probe primary=mx1.example.org[198.51.100.2]:25 stage=rcpt tls=may code=550
/// dsn=5.1.1 delay=0.132 reply="No such user"`. Pure.
LogLine verdict_line(const AnsweredRecipient&);

/// `NOQUEUE: sid=... rcpt=... from=... client=... action=warn restriction=... code=550 dsn=5.1.8
/// reply="..."`: what would have been the answer without warn_if_reject, or what WARN in a table says. Pure.
LogLine warning_line(const AnsweredRecipient&, const Outcome::Warning&);

/// Writes the lines. Used by all threads.
class VerdictLog {
 public:
  VerdictLog(Log& log, Clock& clock) : log_(log), clock_(clock) {}

  /// A verdict, a recipient about whom nobody was asked, or an answer other than "accept" is worth a line;
  /// the rest, what the MTA delivers itself included, is debug. Where nobody was asked and that may be a
  /// mistake, a warning names the domain once. With mode=log-only the line says so: the client heard nothing
  /// of it.
  void write(const AnsweredRecipient&, const Envelope&, const Outcome&);

 private:
  void warn_once(const Envelope&, const NotAsked&);
  void ring(const std::string& domain, const std::string& next_hop, const std::string& why);

  Log& log_;
  Clock& clock_;
  std::mutex mutex_;
  /// One warning per recipient domain in ten minutes: each mail of a misrouted domain would ring it. Guarded
  /// by mutex_.
  RateLimit rung_{std::chrono::minutes(10), 1000};
  /// Domains whose recipients are not asked about, each named once; the verdict lines and a counter have the
  /// rest. Guarded by mutex_.
  static constexpr std::size_t most_named = 200;
  std::set<std::string> named_;
};

}  // namespace fallbackmx
