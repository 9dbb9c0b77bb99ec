// What the program says without serving anybody.

#include <gtest/gtest.h>

#include "test/daemon/process.h"

namespace fallbackmx {
namespace {

TEST(CommandLine, SaysWhatItWasAskedFor) {
  const Directory directory;
  directory.write("milter.conf", usual_configuration(directory));
  const std::string file = directory.path("milter.conf");
  struct Case {
    std::string_view name;
    std::vector<std::string> arguments;
    int status;
    std::string_view says;
  };
  const Case cases[] = {
      {"the version", {"-V"}, 0, "fallbackmx-milter " FALLBACKMX_VERSION},
      {"help", {"-h"}, 0, "NAME=VALUE"},
      {"the defaults", {"-d"}, 0, "unverified_recipient_tempfail_action = permit"},
      {"what differs from them", {"-n", "-c", file}, 0, "myhostname = fallback.example"},
      {"the command line goes last",
       {"-n", "-c", file, "-o", "myhostname=other.example"},
       0,
       "myhostname = other.example"},
      {"-p is milter_socket",
       {"-n", "-c", file, "-p", "inet:127.0.0.1:8893"},
       0,
       "milter_socket = inet:127.0.0.1:8893"},
      {"a wrong override", {"-n", "-c", file, "-o", "answer_timeout=soon"}, 78, "answer_timeout"},
      {"a file that is not there", {"-n", "-c", directory.path("none")}, 78, "none"},
      {"an option that does not exist", {"-x"}, 64, "-x"},
      {"an override without a value", {"-o", "answer_timeout"}, 64, "name=value"},
      {"a stray word", {"start"}, 64, "-h explains"},
      {"half a word", {"--vers"}, 64, "--vers"},
      {"a socket that is none", {"-c", file, "-p", "tcp:25"}, 78, "tcp:25"},
      {"a user who is not there", {"-c", file, "-u", "no-such-user"}, 77, "no-such-user"},
  };
  for (const auto& c : cases) {
    const Ended ended = run_program(directory, c.arguments);
    EXPECT_EQ(ended.status, c.status) << c.name << ":\n" << ended.output;
    EXPECT_NE(ended.output.find(c.says), std::string::npos) << c.name << ":\n" << ended.output;
  }
}

}  // namespace
}  // namespace fallbackmx
