#include "milter/command/command_line.h"

#include <gmock/gmock.h>

#include <vector>

#include "milter/command/command.h"
#include "milter/command/command_help.h"
#include "probe/base/text_file.h"

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;

/// Words without blanks.
Result<CommandLine> parse(std::string_view text) {
  std::vector<std::string> words;
  for (const auto& each : split_words(text)) words.push_back(each);
  const std::vector<std::string_view> views(words.begin(), words.end());
  return parse_command_line(views);
}

TEST(CommandLine, VerbsAndOptionsComeInAnyOrder) {
  struct Case {
    const char *name, *words;
    Verb verb;
    const char* arguments;
  };
  const Case cases[] = {
      {"a verb alone", "status", Verb::status, "{}"},
      {"its option behind it", "config --changed", Verb::config, R"({"changed":true})"},
      {"its option before it", "--changed config", Verb::config, R"({"changed":true})"},
      {"an argument", "help config", Verb::help, R"({"verb":"config"})"},
  };
  for (const auto& c : cases) {
    const auto line = parse(c.words);
    ASSERT_TRUE(line) << c.name << ": " << line.error();
    EXPECT_EQ(line->verb, c.verb) << c.name;
    EXPECT_EQ(json_line(line->arguments), c.arguments) << c.name;
  }
}

TEST(CommandLine, CommonOptionsAreUnderstoodEverywhere) {
  const auto line = parse("-c /etc/x.conf status --json --socket=/run/x");
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->json);
  EXPECT_EQ(line->config_file, "/etc/x.conf");
  EXPECT_EQ(line->socket, "/run/x");
  EXPECT_TRUE(parse("--help")->help);
  EXPECT_FALSE(parse("--help")->verb);
  EXPECT_TRUE(parse("status -h")->help);
  EXPECT_TRUE(parse("-V")->version);
}

TEST(CommandLine, WhatIsWrongIsNamedWithWhatWasProbablyMeant) {
  struct Case {
    const char *words, *error;
  };
  const Case cases[] = {
      {"", "what shall be done? fallbackmx --help has the verbs"},
      {"statsu", "there is no verb \"statsu\"; did you mean status?"},
      {"dance", "there is no verb \"dance\""},
      {"config --chnged", "config has no option --chnged; did you mean --changed?"},
      {"status --changed", "status has no option --changed"},
      {"--jsno status", "status has no option --jsno; did you mean --json?"},
      {"config --changed=yes", "--changed=yes takes no value"},
      {"status now", "status: what is \"now\" for?"},
      {"status --socket", "--socket needs a value"},
      {"status -- --json", "status: what is \"--json\" for?"},
  };
  for (const auto& c : cases) {
    const auto line = parse(c.words);
    ASSERT_FALSE(line) << c.words;
    EXPECT_EQ(line.error(), c.error);
  }
}

TEST(CommandLine, HelpNamesEveryVerbAndEveryOption) {
  const std::string all = command_help();
  for (const VerbRow& row : verb_table()) {
    EXPECT_THAT(all, HasSubstr("\n  " + std::string(row.words)));
    const std::string own = verb_help(row.verb);
    EXPECT_THAT(own, HasSubstr("Usage: fallbackmx " + std::string(row.words)));
    for (const auto& option : options_of(row.verb))
      EXPECT_THAT(own, HasSubstr("\n  --" + std::string(option.name)));
  }
}

TEST(CommandLine, NoLineOfHelpIsWiderThanATerminal) {
  std::string all = command_help();
  for (const VerbRow& row : verb_table()) all += verb_help(row.verb);
  for (std::size_t begin = 0, end; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1)
    EXPECT_LE(end - begin, 79u) << all.substr(begin, end - begin);
}

}  // namespace
}  // namespace fallbackmx
