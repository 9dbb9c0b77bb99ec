// The log: levels, where lines go, and the key=value lines of which nearly all of it is made.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/log_format.h"

namespace fallbackmx {

enum class LogLevel {
  debug,    ///< the dialogue with a primary
  info,     ///< one line per verdict
  warning,  ///< a primary is down or back; an alarm
  error,    ///< an administrator must act
};

std::string_view to_string(LogLevel);

/// `key=value` pairs behind a lead: `NOQUEUE: sid=7f3a rcpt=<u@example.org> reply="5.1.1 User unknown"`.
/// Values are escaped (no control character, no byte above 0x7e leaves it unescaped) and quoted where a
/// reader or a program could lose the thread (inside quotes `\"`, `\\`, `\xNN`); the line stays within 2,048
/// bytes, a pair that does not fit is left out as a whole.
class LogLine {
 public:
  /// `lead_key`: what JSON calls the lead.
  explicit LogLine(std::string_view lead = {}, std::string_view lead_key = "message");
  LogLine& put(std::string_view key, std::string_view value);
  LogLine& put(std::string_view key, std::integral auto number) {
    return put_number(key, std::to_string(number));
  }
  /// A number with a fraction, in decimal digits.
  LogLine& put_number(std::string_view key, std::string_view digits);
  /// An address, in text between < and >.
  LogLine& put_address(std::string_view key, std::string_view address);

  const std::string& text() const { return text_; }
  /// One object with the same keys: `{"time":"2026-11-22T10:42:00.132Z","level":"info","queue_id":"NOQUEUE",
  /// "sid":"7f3a","rcpt":"u@example.org",...}`. ASCII; bytes that are not UTF-8 become U+FFFD.
  std::string json(LogLevel, WallTime) const;

 private:
  struct Field {
    std::string key, value;
    bool number;
  };
  LogLine& append(Field field, std::string_view shown);

  std::string text_;
  std::string lead_, lead_key_;
  std::vector<Field> fields_;
};

/// Takes lines from all threads, one at a time. A line never blocks on anything but the sink, which sees
/// nothing but printable ASCII and at most 2,048 bytes: other bytes of a line become \xNN. A line that there
/// is no memory for is replaced by one that says so.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  explicit Log(Sink sink, LogLevel least = LogLevel::info, LogFormat format = LogFormat::text);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// syslog(3) with the ident and a facility name as in syslog_facility ("mail"). One of the process: the
  /// ident of a second one would be that of the first, too.
  static std::unique_ptr<Log> to_syslog(const std::string& ident, const std::string& facility, LogLevel least,
                                        LogFormat format = LogFormat::text);
  /// Standard error, with a time stamp and the level (which JSON has anyway); when that is the systemd
  /// journal, only the level, as it likes it.
  static std::unique_ptr<Log> to_stderr(LogLevel least, LogFormat format = LogFormat::text);

  void write(LogLevel level, std::string_view line) noexcept;
  void write(LogLevel level, const LogLine& line) noexcept;
  /// Says that a line is missing here, for want of memory; needs none itself.
  void lose_line() noexcept;
  void debug(const auto& line) { write(LogLevel::debug, line); }
  void info(const auto& line) { write(LogLevel::info, line); }
  void warning(const auto& line) { write(LogLevel::warning, line); }
  void error(const auto& line) { write(LogLevel::error, line); }
  bool wants(LogLevel level) const { return level >= least_; }

 private:
  void hand_over(LogLevel level, std::string_view line);

  std::mutex mutex_;  ///< guards sink_
  Sink sink_;
  const LogLevel least_;
  const LogFormat format_;
  SystemClock clock_;  ///< for JSON
};

}  // namespace fallbackmx
