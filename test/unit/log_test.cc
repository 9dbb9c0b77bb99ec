#include "probe/base/log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

/// In place of the C library's: who calls it takes the ident from everybody else who logs.
static int closed_logs = 0;
extern "C" void closelog() { ++closed_logs; }

namespace fallbackmx {
namespace {

using namespace std::string_literals;

std::string every_byte() {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  return all;
}

bool is_one_line_of_ascii(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Reads a line as a program would that knows the escapes. Nothing when it cannot be read.
std::optional<Pairs> read_back(std::string_view line) {
  Pairs pairs;
  while (!line.empty()) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string key(line.substr(0, equals)), value;
    line.remove_prefix(equals + 1);
    if (line.starts_with('"')) {
      line.remove_prefix(1);
      while (!line.empty() && line.front() != '"') {
        if (line.starts_with("\\x")) {
          value += static_cast<char>(std::stoi(std::string(line.substr(2, 2)), nullptr, 16));
          line.remove_prefix(4);
          continue;
        }
        if (line.front() == '\\') line.remove_prefix(1);
        value += line.front();
        line.remove_prefix(1);
      }
      if (line.empty()) return std::nullopt;
      line.remove_prefix(1);
    } else {
      value = line.substr(0, line.find(' '));
      line.remove_prefix(value.size());
    }
    pairs.emplace_back(key, value);
    if (!line.empty() && line.front() != ' ') return std::nullopt;
    if (!line.empty()) line.remove_prefix(1);
  }
  return pairs;
}

TEST(LogLine, LooksLikeTheManual) {
  LogLine line("NOQUEUE:");
  line.put("sid", "7f3a").put_address("rcpt", "u@example.org").put_address("from", "");
  line.put("primary", "mx1.example.org[198.51.100.2]:25").put("dsn", "").put("reply", "5.1.1 User unknown");
  EXPECT_EQ(
      line.text(),
      "NOQUEUE: sid=7f3a rcpt=<u@example.org> from=<> primary=mx1.example.org[198.51.100.2]:25 dsn=\"\" "
      "reply=\"5.1.1 User unknown\"");
}

TEST(LogLine, QuotesWhatAReaderCouldLoseTheThreadIn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain", "k=plain"},
      {"a=b", "k=a=b"},
      {"", "k=\"\""},
      {"a b", "k=\"a b\""},
      {"say \"no\"", R"(k="say \"no\"")"},
      {"back\\slash", R"(k="back\\slash")"},
      {"a\r\nb", R"(k="a\x0d\x0ab")"},
      {"j\xc3\xbcrgen", R"(k="j\xc3\xbcrgen")"},
      {"\x1b[31m", R"(k="\x1b[31m")"},
      {"x action=accept", "k=\"x action=accept\""},
  };
  for (const auto& [value, want] : cases) EXPECT_EQ(LogLine().put("k", value).text(), want);
  EXPECT_EQ(LogLine().put_address("rcpt", "\"a b\"@c").text(), R"(rcpt="<\"a b\"@c>")");
}

TEST(LogLine, IsReadBackToTheSameBytes) {
  const Pairs pairs = {{"all", every_byte()},        {"empty", ""},           {"quote", "\""},
                       {"ends", "in backslash\\"},   {"forged", "x\" y=\"z"}, {"hex", "\\x41"},
                       {"address", "<\"a>b\"@c.d>"}, {"equals", "a=b"},       {"nul", "a\0b"s}};
  LogLine line;
  for (const auto& [key, value] : pairs) line.put(key, value);
  EXPECT_TRUE(is_one_line_of_ascii(line.text()));
  const auto back = read_back(line.text());
  ASSERT_TRUE(back) << line.text();
  EXPECT_EQ(*back, pairs);
}

TEST(LogLine, LeavesOutAPairThatDoesNotFitAndKeepsTheRest) {
  LogLine line("lead");
  line.put("a", "1").put("long", std::string(3000, 'x')).put("b", "2");
  EXPECT_EQ(line.text(), "lead a=1 b=2");
  for (int i = 0; i < 1000; ++i) line.put("key", "value \n");
  EXPECT_LE(line.text().size(), 2048u);
  EXPECT_TRUE(line.text().ends_with("key=\"value \\x0a\"")) << line.text();
}

TEST(LogLine, EscapesItsLead) { EXPECT_EQ(LogLine("4A\nB:").put("k", "v").text(), "4A\\x0aB: k=v"); }

/// A time of day that is easy to read.
const WallTime quarter_to{std::chrono::sys_days{std::chrono::November / 22 / 2026} + std::chrono::hours(10) +
                          std::chrono::milliseconds(2'532'007)};

TEST(LogLine, InJsonHasTheSameKeysAndNumbersAsNumbers) {
  LogLine line("NOQUEUE:", "queue_id");
  line.put("sid", "7f3a").put_address("rcpt", "u@example.org").put("code", 550).put_number("delay", "0.132");
  line.put("reply", "say \"no\"");
  EXPECT_EQ(line.text(),
            "NOQUEUE: sid=7f3a rcpt=<u@example.org> code=550 delay=0.132 reply=\"say \\\"no\\\"\"");
  EXPECT_EQ(line.json(LogLevel::info, quarter_to),
            R"({"time":"2026-11-22T10:42:12.007Z","level":"info","queue_id":"NOQUEUE","sid":"7f3a",)"
            R"("rcpt":"u@example.org","code":550,"delay":0.132,"reply":"say \"no\""})");
}

TEST(LogLine, InJsonIsOneLineOfAsciiWhateverIsInIt) {
  LogLine line(every_byte());
  line.put("all", every_byte()).put_address("rcpt", "j\xc3\xbcrgen@example.org");
  const std::string json = line.json(LogLevel::warning, quarter_to);
  EXPECT_TRUE(is_one_line_of_ascii(json)) << json;
  const auto object = nlohmann::json::parse(json);
  EXPECT_EQ(object["rcpt"], "j\xc3\xbcrgen@example.org");
  EXPECT_EQ(object["level"], "warning");
}

TEST(LogLine, InJsonStaysWithinTheBoundToo) {
  LogLine line(std::string(100'000, '\x01'));
  for (int i = 0; i < 100; ++i) line.put("k" + std::to_string(i), std::string(300, '\x02'));
  line.put("last", 1);
  const std::string json = line.json(LogLevel::info, quarter_to);
  EXPECT_LE(json.size(), 2048u);
  EXPECT_TRUE(nlohmann::json::accept(json)) << json;
}

TEST(Log, InJsonWritesObjects) {
  std::vector<std::string> lines;
  Log log([&](LogLevel, std::string_view line) { lines.emplace_back(line); }, LogLevel::info,
          LogFormat::json);
  log.warning("primary is down: mx1");
  log.info(LogLine("4XyZ:", "queue_id").put("sid", "7f"));
  log.debug("no");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"], "primary is down: mx1");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["queue_id"], "4XyZ");
}

TEST(Log, ToStderrInJsonHasNothingAroundTheObject) {
  unsetenv("JOURNAL_STREAM");
  testing::internal::CaptureStderr();
  Log::to_stderr(LogLevel::info, LogFormat::json)->info("x");
  EXPECT_TRUE(nlohmann::json::accept(testing::internal::GetCapturedStderr()));
}

TEST(Log, OneThatEndsLeavesSyslogToTheOthers) {
  closed_logs = 0;
  Log::to_syslog("fallbackmx-test", "mail", LogLevel::info);
  EXPECT_EQ(closed_logs, 0);
}

TEST(Log, GivesTheSinkOneLineOfAsciiWhateverItIsGiven) {
  std::vector<std::string> lines;
  Log log([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  log.info(every_byte());
  log.info(std::string(100000, '\n'));
  log.info("plain");
  ASSERT_EQ(lines.size(), 3u);
  for (const auto& line : lines) {
    EXPECT_TRUE(is_one_line_of_ascii(line));
    EXPECT_LE(line.size(), 2048u);
  }
  EXPECT_EQ(lines[2], "plain");
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  std::string levels;
  Log log([&](LogLevel level, std::string_view) { levels += std::string(to_string(level)) + ' '; },
          LogLevel::warning);
  log.debug("x");
  log.info("x");
  log.warning("x");
  log.error("x");
  EXPECT_EQ(levels, "warning error ");
  EXPECT_FALSE(log.wants(LogLevel::info));
}

TEST(Log, TakesLinesFromAllThreadsOneAtATime) {
  std::vector<std::string> lines;  // no lock of its own: the thread sanitizer would notice
  Log log([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) log.info("line");
    });
  threads.clear();
  EXPECT_EQ(lines.size(), 800u);
}

TEST(Log, ToStderrHasTimeLevelAndOneLineEach) {
  unsetenv("JOURNAL_STREAM");
  testing::internal::CaptureStderr();
  const auto log = Log::to_stderr(LogLevel::info);
  log->info("one {} %s\nnot two");
  log->warning("three");
  log->debug("not shown");
  const auto shown = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 2) << shown;
  EXPECT_NE(shown.find(" info: one {} %s\\x0anot two\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find(" warning: three\n"), std::string::npos) << shown;
  EXPECT_TRUE(shown.starts_with("20")) << shown;
}

TEST(Log, ToTheJournalHasNoTimeStampButALevelNumber) {
  testing::internal::CaptureStderr();
  struct stat status {};
  ASSERT_EQ(fstat(STDERR_FILENO, &status), 0);
  setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)).c_str(), 1);
  const auto log = Log::to_stderr(LogLevel::debug);
  log->error("a");
  log->warning("b");
  log->info("c");
  log->debug("d");
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<3>a\n<4>b\n<6>c\n<7>d\n");
}

TEST(Log, ToStderrKnowsAnInheritedJournalVariable) {
  setenv("JOURNAL_STREAM", "1:2", 1);
  testing::internal::CaptureStderr();
  Log::to_stderr(LogLevel::info)->info("x");
  unsetenv("JOURNAL_STREAM");
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("20"));
}

TEST(Log, ToSyslogSurvivesTheLackOfASyslogDaemonAndAnUnknownFacility) {
  for (const auto* facility : {"mail", "local3", "nonsense", ""}) {
    Log::to_syslog("fallbackmx-test", facility, LogLevel::info)->debug("below the level");
  }
}

}  // namespace
}  // namespace fallbackmx
