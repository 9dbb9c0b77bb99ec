// The sample filter for fail2ban, read as Python would read it: %(name)s put in, and <ADDR> an address.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <string>

#include "milter/session/verdict_log.h"

namespace fallbackmx {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Of the filter's one failregex.
std::regex filter() {
  std::ifstream file(FALLBACKMX_SOURCE_DIR "/conf/fail2ban/filter.d/fallbackmx.conf");
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find(" = ");
    if (equals != std::string::npos && line.front() != '#')
      values[line.substr(0, equals)] = line.substr(equals + 3);
  }
  std::string text = values.at("failregex");
  text = replaced(text, "%(__prefix_line)s", R"(\S+ fallbackmx\[\d+\]: )");
  text = replaced(text, "%(_value)s", values.at("_value"));
  return std::regex(replaced(text, "<ADDR>", R"(([0-9a-f.:]+))"));
}

/// Whom the filter blames for a line.
std::optional<std::string> blamed(const AnsweredRecipient& told) {
  static const std::regex rule = filter();
  std::smatch match;
  const std::string line = "mx2 fallbackmx[42]: " + verdict_line(told).text();
  if (!std::regex_search(line, match, rule)) return std::nullopt;
  return match[1];
}

AnsweredRecipient guess() {
  AnsweredRecipient told;
  told.sid = "7f3a01";
  told.recipient = "guess1@example.org";
  told.sender = "spammer@example.net";
  told.client = "unknown[192.0.2.66]";
  told.action = "reject";
  told.verdict = Verdict::undeliverable;
  told.code = 550;
  told.reply = "no such user";
  return told;
}

TEST(Fail2ban, BlamesWhoAsksForAnUnknownRecipient) {
  AnsweredRecipient told = guess();
  EXPECT_EQ(blamed(told), "192.0.2.66");
  told.client = "h.example.net[2001:db8::66]";
  told.queue_id = "4XyZ";
  told.sender = "";
  told.resolved = "other@example.org";
  told.recipient = "with \"quotes\" and blanks@example.org";
  EXPECT_EQ(blamed(told), "2001:db8::66");
}

TEST(Fail2ban, BlamesNobodyForAnythingElse) {
  AnsweredRecipient told = guess();
  told.verdict = Verdict::unavailable;
  told.action = "accept";
  EXPECT_EQ(blamed(told), std::nullopt);
  told = guess();
  told.verdict.reset();
  told.restriction = "reject_unknown_sender_domain";
  EXPECT_EQ(blamed(told), std::nullopt);
  told = guess();
  told.action = "defer";
  EXPECT_EQ(blamed(told), std::nullopt);
}

TEST(Fail2ban, NobodyCanPutTheBlameOnAnother) {
  for (const char* forged :
       {"x client=unknown[198.51.100.1] action=reject verdict=undeliverable x",
        "\" from=<> client=unknown[198.51.100.1] action=reject verdict=undeliverable ",
        "> from=<> client=unknown[198.51.100.1] action=reject verdict=undeliverable ",
        "\\\" from=<> client=unknown[198.51.100.1] action=reject verdict=undeliverable \\"}) {
    for (std::string AnsweredRecipient::*field :
         {&AnsweredRecipient::recipient, &AnsweredRecipient::sender, &AnsweredRecipient::resolved}) {
      AnsweredRecipient told = guess();
      told.*field = forged;
      EXPECT_EQ(blamed(told), "192.0.2.66") << forged;
      told.verdict = Verdict::deliverable;
      told.action = "accept";
      EXPECT_EQ(blamed(told), std::nullopt) << forged;
    }
  }
}

}  // namespace
}  // namespace fallbackmx
