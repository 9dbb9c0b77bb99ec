// The log: levels, where lines go, and the key=value lines of which nearly all of it is made.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

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
  explicit LogLine(std::string_view lead = {});
  LogLine& put(std::string_view key, std::string_view value);
  /// An address between < and >.
  LogLine& put_address(std::string_view key, std::string_view address);
  const std::string& text() const { return text_; }

 private:
  void append(std::string_view pair);
  std::string text_;
};

/// Takes lines from all threads, one at a time. A line never blocks on anything but the sink, which sees
/// nothing but printable ASCII and at most 2,048 bytes: other bytes of a line become \xNN.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  explicit Log(Sink sink, LogLevel least = LogLevel::info);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// syslog(3) with the ident and a facility name as in syslog_facility ("mail"); spdlog's syslog sink.
  static std::unique_ptr<Log> to_syslog(const std::string& ident, const std::string& facility,
                                        LogLevel least);
  /// Standard error, with a time stamp and the level; when that is the systemd journal, only the level, as it
  /// likes it.
  static std::unique_ptr<Log> to_stderr(LogLevel least);

  void write(LogLevel level, std::string_view line);
  void debug(std::string_view line) { write(LogLevel::debug, line); }
  void info(std::string_view line) { write(LogLevel::info, line); }
  void warning(std::string_view line) { write(LogLevel::warning, line); }
  void error(std::string_view line) { write(LogLevel::error, line); }
  bool wants(LogLevel level) const { return level >= least_; }

 private:
  std::mutex mutex_;  ///< guards sink_
  Sink sink_;
  const LogLevel least_;
};

}  // namespace fallbackmx
