// What a daemon remembers, carried to another one by the operator's command.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string memory =
    "fallbackmx-memory 1\n"
    "no@example.org\tno\t550\t5.1.1\t4000000000\t0\tno such user\n"
    "user@example.org\tyes\t250\t2.1.5\t4000000000\t4000000000\tOk\n"
    "end\t2\n";

class CarriedMemory : public WithDaemon {
 protected:
  void configure_with_file() {
    configure("address_verify_map = sqlite:" + directory_.path("verify.db") + "\n");
  }
  Ended run(const std::vector<std::string>& words, const std::string& input = {}) {
    directory_.write("input", input);
    return run_command(directory_, words, directory_.path("input"));
  }
  void stop() {
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->wait(), 0);
    daemon_.reset();
  }
  /// In order, for the store has its own.
  static std::string sorted(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    if (lines.size() > 2) std::sort(lines.begin() + 1, lines.end() - 1);
    std::string all;
    for (const auto& line : lines) all += line + "\n";
    return all;
  }
};

TEST_F(CarriedMemory, GoesThroughADaemonThatRuns) {
  configure_with_file();
  start();
  EXPECT_EQ(run({"remember", "export"}).output, "fallbackmx-memory 1\nend\t0\n");
  const Ended import = run({"remember", "import"}, memory);
  EXPECT_EQ(import.status, 0);
  EXPECT_EQ(import.output, "taken           2\nknown already   0\nbad             0\n");
  EXPECT_TRUE(logged("asks for remember import"));
  EXPECT_EQ(sorted(run({"remember", "export"}).output), memory);
  EXPECT_THAT(run({"remember", "show", "user@example.org"}).output, HasSubstr("yes"));
}

TEST_F(CarriedMemory, GoesIntoTheFileOfADaemonThatIsStopped) {
  configure_with_file();
  const Ended import = run({"remember", "import", "--json"}, memory);
  EXPECT_EQ(import.status, 0) << import.output;
  EXPECT_EQ(import.output, "{\"taken\":2,\"known\":0,\"bad\":0,\"complete\":true}\n");
  EXPECT_EQ(sorted(run({"remember", "export"}).output), memory);
  start();
  EXPECT_EQ(sorted(run({"remember", "export"}).output), memory) << "and the daemon has it";
  stop();
  EXPECT_EQ(sorted(run({"remember", "export"}).output), memory);
}

TEST_F(CarriedMemory, OfADaemonThatIsStoppedAndRemembersNothingIsNone) {
  configure("address_verify_map = memory:\n");
  const Ended nothing = run({"remember", "export"});
  EXPECT_EQ(nothing.status, 69);
  EXPECT_THAT(
      nothing.output,
      EndsWith("nor can its file be used: address_verify_map = memory: does not outlive the daemon\n"));
}

TEST_F(CarriedMemory, WithABadLineIsTakenButForThatLine) {
  configure_with_file();
  start();
  const Ended import =
      run({"remember", "import"}, "fallbackmx-memory 1\nx\n" + memory.substr(memory.find('\n') + 1));
  EXPECT_EQ(import.status, 65);
  EXPECT_THAT(import.output, HasSubstr("fallbackmx: line 2: not the seven fields of an address: \"x\"\n"));
  EXPECT_THAT(import.output, HasSubstr("taken           2\n"));
}

TEST_F(CarriedMemory, MadeByRootBelongsToTheOwnerOfItsDirectory) {
  if (geteuid() != 0) return;  // nobody else can give files away
  constexpr uid_t nobody = 65534;
  std::filesystem::create_directory(directory_.path("state"));
  ASSERT_EQ(chown(directory_.path("state").c_str(), nobody, nobody), 0);
  configure("address_verify_map = sqlite:" + directory_.path("state/verify.db") + "\n");
  EXPECT_EQ(run({"remember", "import"}, memory).status, 0);
  struct stat file {};
  ASSERT_EQ(stat(directory_.path("state/verify.db").c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, nobody);
}

}  // namespace
}  // namespace fallbackmx
