// A disk that is full: nobody is answered otherwise, it is said once, and written when there is room.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

class FullDisk : public WithFaults {
 protected:
  FullDisk() { until_written_ = true; }
};

TEST_F(FullDisk, CostsNobodyAnAnswerAndIsSaidOnce) {
  configure();
  start();
  ASSERT_TRUE(recovers());
  const std::size_t before = daemon_->log().size();
  board_.arm(Fault::full_disk, 1, true);
  for (int i = 0; i < 20; ++i) {
    const Heard heard = round();
    EXPECT_EQ(heard.known, "continue");
    EXPECT_TRUE(heard.unknown.starts_with("550 5.1.1")) << heard.unknown;
    EXPECT_EQ(heard.by_name, "continue");
  }
  EXPECT_GE(board_.failed(), 20u);
  board_.disarm();
  const std::string said = lines_since(before);
  const auto first = said.find("database or disk is full");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("database or disk is full", first + 1), std::string::npos) << said;

  ASSERT_TRUE(recovers());
  EXPECT_NE(lines_since(before).find("verify.db: written again"), std::string::npos);
  ASSERT_EQ(stop(), 0);
  const std::size_t asked = primary_->record().commands.size();
  start();
  const std::size_t second_life = daemon_->log().size();
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@d" + std::to_string(rounds_) + ".example>", relayed(by_number())).told(),
            "continue");
  EXPECT_NE(lines_since(second_life).find("source=memory"), std::string::npos) << lines_since(second_life);
  EXPECT_EQ(primary_->record().commands.size(), asked);
}

TEST_F(FullDisk, UnderTheLogCostsNobodyAnAnswer) {
  configure();
  std::filesystem::create_symlink("/dev/full", directory_.path("log"));
  launch();
  const bool ready = daemon_->hears("READY=1");
  // Nobody shall read that device.
  std::filesystem::remove(directory_.path("log"));
  directory_.write("log", "");
  ASSERT_TRUE(ready);
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0);
}

class HungDisk : public WithFaults {};

TEST_F(HungDisk, HoldsUpNeitherAReloadNorTheEnd) {
  configure("address_verify_cache_cleanup_interval = 1s\n");
  start();
  ASSERT_TRUE(recovers());
  board_.hang_disk(true);
  auto client = session();
  ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
  EXPECT_EQ(client.rcpt("<user@hung.example>", relayed(by_number())).told(), "continue");
  // Long enough for what has expired to be dropped twice, which waits for the disk.
  const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (board_.hanging() == 0 || std::chrono::steady_clock::now() < enough) {
    daemon_->signal(SIGHUP);
    ASSERT_TRUE(daemon_->hears("RELOADING=1"));
    ASSERT_TRUE(daemon_->hears("READY=1"));
  }
  EXPECT_EQ(client.rcpt("<user@hung.example>", relayed(by_number())).told(), "continue");
  EXPECT_EQ(stop(), 0);
  EXPECT_NE(daemon_->log().find("the disk does not answer"), std::string::npos) << daemon_->log();
}

}  // namespace
}  // namespace fallbackmx
