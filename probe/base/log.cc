#include "probe/base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace fallbackmx {

namespace {

constexpr std::size_t line_limit = 2048;
constexpr std::size_t lead_limit = 1000;

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
    fmt::memory_buffer all;  // a short line needs no memory
    all.append(prefixes[static_cast<std::size_t>(level)]);
    all.append(line);
    write(level, {all.data(), all.size()});
  };
}

/// syslog(3) keeps the pointer for ever, and so these words are never destroyed.
const char* kept_for_ever(const std::string& ident) {
  static std::mutex mutex;
  static auto* const idents = new std::set<std::string>;
  const std::lock_guard lock(mutex);
  return idents->insert(ident).first->c_str();
}

/// No closelog() at the end, as spdlog's own sink has it: that would take the ident from whoever else logs.
Log::Sink sink_to_syslog(const std::string& ident, int facility) {
  openlog(kept_for_ever(ident), LOG_PID | LOG_NDELAY, facility);
  return [facility](LogLevel level, std::string_view line) {
    static constexpr std::array<int, 4> priorities = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};
    syslog(facility | priorities[static_cast<std::size_t>(level)], "%.*s", static_cast<int>(line.size()),
           line.data());
  };
}

/// A string of JSON, in ASCII whatever is in it.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds);
  const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", date.data(), rest.count());
}

/// What fits of a lead: its end may be cut off.
std::string json_lead(std::string_view key, std::string_view lead, std::size_t room) {
  for (;; lead = lead.substr(0, lead.size() / 2)) {
    std::string pair = "," + json_string(key) + ":" + json_string(lead);
    if (pair.size() <= room) return pair;
  }
}

}  // namespace

std::string_view to_string(LogLevel level) {
  static constexpr std::array<std::string_view, 4> names = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

LogLine::LogLine(std::string_view lead, std::string_view lead_key)
    : text_(one_line(lead.substr(0, lead_limit))), lead_(lead.substr(0, lead_limit)), lead_key_(lead_key) {
  if (lead_.ends_with(':')) lead_.pop_back();
  // As much as the line of an ordinary verdict.
  fields_.reserve(24);
  text_.reserve(500);
}

LogLine& LogLine::put(std::string_view key, std::string_view value) {
  const auto bounded = value.substr(0, line_limit);
  return append({std::string(key), std::string(bounded), false}, readable(bounded));
}

LogLine& LogLine::put_number(std::string_view key, std::string_view digits) {
  return append({std::string(key), std::string(digits), true}, digits);
}

LogLine& LogLine::put_address(std::string_view key, std::string_view address) {
  const auto bounded = address.substr(0, line_limit);
  return append({std::string(key), std::string(bounded), false}, readable('<' + std::string(bounded) + '>'));
}

LogLine& LogLine::append(Field field, std::string_view shown) {
  const std::size_t blank = text_.empty() ? 0 : 1;
  if (text_.size() + blank + field.key.size() + 1 + shown.size() > line_limit) return *this;
  if (blank != 0) text_ += ' ';
  text_.append(field.key).append("=").append(shown);
  fields_.push_back(std::move(field));
  return *this;
}

std::string LogLine::json(LogLevel level, WallTime time) const {
  constexpr std::size_t end = 1;  // the last brace
  std::string line = fmt::format(R"({{"time":"{}","level":"{}")", rfc3339(time), to_string(level));
  if (!lead_.empty()) line += json_lead(lead_key_, lead_, line_limit - line.size() - end);
  for (const Field& field : fields_) {
    const std::string pair =
        "," + json_string(field.key) + ":" + (field.number ? field.value : json_string(field.value));
    if (line.size() + pair.size() + end <= line_limit) line += pair;
  }
  return line + '}';
}

Log::Log(Sink sink, LogLevel least, LogFormat format)
    : sink_(std::move(sink)), least_(least), format_(format) {}

Log::~Log() = default;

std::unique_ptr<Log> Log::to_syslog(const std::string& ident, const std::string& facility, LogLevel least,
                                    LogFormat format) {
  return std::make_unique<Log>(sink_to_syslog(ident, facility_number(facility)), least, format);
}

std::unique_ptr<Log> Log::to_stderr(LogLevel least, LogFormat format) {
  if (stderr_is_journal()) return std::make_unique<Log>(sink_to_journal(), least, format);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  const bool json = format == LogFormat::json;
  const auto* pattern = json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v";
  return std::make_unique<Log>(sink_to(std::move(sink), pattern), least, format);
}

void Log::write(LogLevel level, std::string_view line) noexcept {
  if (!wants(level)) return;
  try {
    hand_over(level, format_ == LogFormat::json ? LogLine(line).json(level, clock_.wall()) : one_line(line));
  } catch (const std::exception&) {
    lose_line();
  }
}

void Log::write(LogLevel level, const LogLine& line) noexcept {
  if (!wants(level)) return;
  try {
    hand_over(level, format_ == LogFormat::json ? line.json(level, clock_.wall()) : line.text());
  } catch (const std::exception&) {
    lose_line();
  }
}

void Log::lose_line() noexcept {
  constexpr std::string_view text = "a line is missing here: out of memory";
  constexpr std::string_view object =
      R"({"level":"error","message":"a line is missing here","why":"out of memory"})";
  try {
    hand_over(LogLevel::error, format_ == LogFormat::json ? object : text);
  } catch (const std::exception&) {  // then the sink needs some
  }
}

void Log::hand_over(LogLevel level, std::string_view line) {
  const std::lock_guard lock(mutex_);
  sink_(level, line);
}

}  // namespace fallbackmx
