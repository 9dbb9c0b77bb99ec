#include "milter/options.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using Task = Options::Task;

Result<Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fallbackmx-milter");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, NothingMeansRunWithTheUsualFile) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->task, Task::run);
  EXPECT_EQ(options->config_file, "");
  EXPECT_TRUE(options->overrides.empty());
  EXPECT_FALSE(options->verbose);
}

TEST(Options, ShortAndLongOnesTogether) {
  const auto options = parse({"-fv", "-c", "/etc/x.conf", "-omyhostname=a", "--override", "answer_timeout=5s",
                              "-l", "journal", "-p", "/run/x.sock", "-u", "_fallbackmx:postfix"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->task, Task::run);
  EXPECT_TRUE(options->verbose);
  EXPECT_EQ(options->config_file, "/etc/x.conf");
  EXPECT_EQ(options->overrides, (std::vector<std::string>{"myhostname=a", "answer_timeout=5s",
                                                          "log_target=stderr", "milter_socket=/run/x.sock"}));
  EXPECT_EQ(options->user, "_fallbackmx");
  EXPECT_EQ(options->group, "postfix");
}

TEST(Options, WhatEndsAtOnceGoesFirst) {
  struct Case {
    std::vector<const char*> arguments;
    Task want;
  };
  for (const auto& c : {Case{{"-n"}, Task::print_changed}, Case{{"-d"}, Task::print_defaults},
                        Case{{"-V"}, Task::print_version}, Case{{"-h"}, Task::print_help},
                        Case{{"-n", "-d"}, Task::print_defaults}, Case{{"-n", "-V"}, Task::print_version},
                        Case{{"-V", "-h"}, Task::print_help}, Case{{"--check"}, Task::print_changed}}) {
    EXPECT_EQ(parse(c.arguments)->task, c.want) << c.arguments.front();
  }
}

TEST(Options, NothingIsGuessed) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"-x"}, {"--verb"}, {"--vers"}, {"start"}, {"-c"}, {"-o", "novalue"}, {"-o"}, {"--", "x"}}) {
    const auto options = parse(arguments);
    ASSERT_FALSE(options) << arguments.front();
    EXPECT_FALSE(options.error().empty());
  }
}

TEST(Options, HelpNamesEachOption) {
  for (const std::string_view option :
       {"-c ", "-d ", "-f ", "-h ", "-l ", "-n ", "-o ", "-p ", "-u ", "-V ", "-v "}) {
    EXPECT_NE(help_text().find(option), std::string::npos) << option << " in\n" << help_text();
  }
}

}  // namespace
}  // namespace fallbackmx
