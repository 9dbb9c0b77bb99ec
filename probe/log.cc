#include "probe/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace fallbackmx {

namespace {

constexpr std::size_t line_limit = 2048;
constexpr std::size_t lead_limit = 200;

bool is_plain(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; }
bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

void append_hex(std::string& to, char c) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  to += "\\x";
  to += digits[byte >> 4];
  to += digits[byte & 15];
}

/// A value that a reader finds the end of: plain, or in quotes with `\"`, `\\` and `\xNN` inside.
std::string readable(std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_plain)) return std::string(value);
  std::string quoted = "\"";
  for (const char c : value) {
    if (!is_printable(c)) {
      append_hex(quoted, c);
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

/// A whole line, whoever made it. What is printable already, as a LogLine is, stays as it is.
std::string one_line(std::string_view line) {
  std::string all;
  for (const char c : line.substr(0, line_limit)) {
    if (is_printable(c)) {
      all += c;
    } else {
      append_hex(all, c);
    }
  }
  if (all.size() > line_limit) all.resize(line_limit);
  return all;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

/// As in syslog.conf(5) and Postfix's syslog_facility; what nobody knows is mail.
int facility_number(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, int>, 20> facilities = {{
      {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
      {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
      {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},     {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
      {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},     {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
      {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},     {"uucp", LOG_UUCP},
  }};
  const auto* found =
      std::find_if(facilities.begin(), facilities.end(), [&](const auto& f) { return f.first == name; });
  return found == facilities.end() ? LOG_MAIL : found->second;
}

/// Whether standard error leads to the systemd journal: $JOURNAL_STREAM has its device and inode. The
/// variable alone does not tell, children inherit it (systemd.exec(5)).
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
}

/// A logger of our own: spdlog's registry and default logger stay out of it.
Log::Sink sink_to(std::shared_ptr<spdlog::sinks::sink> sink, const std::string& pattern) {
  auto logger = std::make_shared<spdlog::logger>("fallbackmx", std::move(sink));
  logger->set_level(spdlog::level::trace);
  logger->set_pattern(pattern);
  logger->flush_on(spdlog::level::trace);
  return [logger](LogLevel level, std::string_view line) {
    logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  };
}

/// The journal makes its own time stamp, and takes the level from a number in front (sd-daemon(3)).
Log::Sink sink_to_journal() {
  return [write = sink_to(std::make_shared<spdlog::sinks::stderr_sink_st>(), "%v")](LogLevel level,
                                                                                    std::string_view line) {
    static constexpr std::array<std::string_view, 4> prefixes = {"<7>", "<6>", "<4>", "<3>"};
    write(level, std::string(prefixes[static_cast<std::size_t>(level)]).append(line));
  };
}

}  // namespace

std::string_view to_string(LogLevel level) {
  static constexpr std::array<std::string_view, 4> names = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

LogLine::LogLine(std::string_view lead) : text_(one_line(lead.substr(0, lead_limit))) {}

LogLine& LogLine::put(std::string_view key, std::string_view value) {
  append(std::string(key) + '=' + readable(value.substr(0, line_limit)));
  return *this;
}

LogLine& LogLine::put_address(std::string_view key, std::string_view address) {
  return put(key, '<' + std::string(address.substr(0, line_limit)) + '>');
}

void LogLine::append(std::string_view pair) {
  const std::size_t blank = text_.empty() ? 0 : 1;
  if (text_.size() + blank + pair.size() > line_limit) return;
  if (blank != 0) text_ += ' ';
  text_ += pair;
}

Log::Log(Sink sink, LogLevel least) : sink_(std::move(sink)), least_(least) {}

Log::~Log() = default;

std::unique_ptr<Log> Log::to_syslog(const std::string& ident, const std::string& facility, LogLevel least) {
  auto sink =
      std::make_shared<spdlog::sinks::syslog_sink_st>(ident, LOG_PID | LOG_NDELAY, facility_number(facility),
                                                      /*enable_formatting=*/false);
  return std::make_unique<Log>(sink_to(std::move(sink), "%v"), least);
}

std::unique_ptr<Log> Log::to_stderr(LogLevel least) {
  if (stderr_is_journal()) return std::make_unique<Log>(sink_to_journal(), least);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  return std::make_unique<Log>(sink_to(std::move(sink), "%Y-%m-%dT%H:%M:%S.%e%z %l: %v"), least);
}

void Log::write(LogLevel level, std::string_view line) {
  if (!wants(level)) return;
  const auto whole = one_line(line);
  const std::lock_guard lock(mutex_);
  sink_(level, whole);
}

}  // namespace fallbackmx
