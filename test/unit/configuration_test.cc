#include "milter/setup/configuration.h"

#include <gtest/gtest.h>

#include <fstream>
#include <new>

#include "test/fake/simulation.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

TEST(Configuration, AReloadThatFailsHalfWayLeavesTheOldOneInForceEverywhere) {
  const TemporaryDirectory directory;
  const ConfigSources sources{directory / "milter.conf", {}, {}};
  const auto write = [&](std::string_view timeout) {
    std::ofstream(directory / "milter.conf")
        << "myhostname = mx.example.net\nanswer_timeout = " << timeout << "\n";
  };
  write("3s");
  const Config first = read_config(sources);
  ASSERT_TRUE(first.settings) << first.errors.at(0);
  Simulation clock;
  std::string logged;
  Log log([&](LogLevel, std::string_view line) { logged += std::string(line) + "\n"; });
  Metrics metrics;
  bool fails = true;
  std::shared_ptr<const Settings> taken = first.settings;
  Configuration configuration(sources, first, clock, log, metrics, [&](const Config& next) {
    if (fails) throw std::bad_alloc();
    taken = next.settings;
  });
  write("5s");
  const auto came = configuration.reload();
  EXPECT_FALSE(came.taken);
  EXPECT_EQ(came.errors.size(), 1u);
  EXPECT_EQ(configuration.settings(), taken);
  EXPECT_EQ(configuration.settings()->answer_timeout, std::chrono::seconds(3));
  const auto shown = configuration.in_force();
  EXPECT_FALSE(shown.last_read_ok);
  EXPECT_EQ(shown.errors, came.errors);
  EXPECT_EQ(shown.config.written, first.written);
  EXPECT_NE(logged.find("the old configuration stays in force"), std::string::npos) << logged;

  fails = false;
  EXPECT_TRUE(configuration.reload().taken);
  EXPECT_EQ(configuration.settings(), taken);
  EXPECT_EQ(taken->answer_timeout, std::chrono::seconds(5));
  EXPECT_TRUE(configuration.in_force().last_read_ok);
}

}  // namespace
}  // namespace fallbackmx
