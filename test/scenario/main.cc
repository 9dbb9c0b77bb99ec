// One test for each scenario and player: `scenario --gtest_filter=memory.01*`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "test/scenario/player.h"
#include "test/scenario/scenario.h"
#include "test/scenario/world.h"

namespace fallbackmx {
namespace {

using MakeWorld = std::function<std::unique_ptr<World>(const Scenario&)>;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ScenarioTest : public testing::Test {
 public:
  ScenarioTest(Scenario scenario, MakeWorld make_world)
      : scenario_(std::move(scenario)), make_world_(std::move(make_world)) {}

  void TestBody() override {
    const auto world = make_world_(scenario_);
    for (const auto& disappointment : play(scenario_, *world)) {
      ADD_FAILURE_AT(scenario_.file.c_str(), static_cast<int>(disappointment.line)) << disappointment.text;
    }
  }

 private:
  const Scenario scenario_;
  const MakeWorld make_world_;
};

void add(const char* player, const std::string& test, const Scenario& scenario, const MakeWorld& make_world) {
  testing::RegisterTest(
      player, test.c_str(), nullptr, nullptr, scenario.file.c_str(), 1,
      [scenario, make_world]() -> testing::Test* { return new ScenarioTest(scenario, make_world); });
}

/// False when a file could not be understood; standard error has said why.
bool add_all(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".scn") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) std::fprintf(stderr, "%s: no scenarios there\n", directory.c_str());
  bool well = !files.empty();
  for (const auto& path : files) {
    const auto scenario = Scenario::parse(path.string(), contents(path));
    if (!scenario) {
      std::fputs(scenario.error().c_str(), stderr);
      well = false;
      continue;
    }
    auto test = path.stem().string();
    std::replace(test.begin(), test.end(), '-', '_');
    if (!scenario->in_memory_only)
      add("wire", test, *scenario, [](const Scenario&) { return make_wire_world(); });
    add("memory", test, *scenario, [](const Scenario& of) { return make_memory_world(of.round_trip); });
  }
  return well;
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::filesystem::path directory = argc > 1 ? argv[1] : FALLBACKMX_SOURCE_DIR "/test/scenario";
  if (!fallbackmx::add_all(directory)) return 1;
  return RUN_ALL_TESTS();
}
