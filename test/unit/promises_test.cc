// The ten promises of the design: the table in test/README.md names the tests that keep each, and they are
// there.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fallbackmx {
namespace {

const std::filesystem::path tests = std::filesystem::path(FALLBACKMX_SOURCE_DIR) / "test";

/// By file: the number in `name promise N: ...`, or 0.
std::map<std::string, int> scenarios() {
  std::map<std::string, int> all;
  for (const auto& entry : std::filesystem::directory_iterator(tests / "scenario")) {
    if (entry.path().extension() != ".scn") continue;
    std::ifstream file(entry.path());
    std::string name, promise, number;
    file >> name >> promise >> number;
    all[entry.path().stem().string()] = promise == "promise" ? std::stoi(number) : 0;
  }
  return all;
}

bool is_test_of_ours(const std::string& name) {
  const auto& program = *testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const auto& suite = *program.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      if (name == std::string(suite.name()) + "." + suite.GetTestInfo(k)->name()) return true;
    }
  }
  return false;
}

struct Row {
  int number = 0;
  std::vector<std::string> named;  ///< in backquotes
};

std::vector<Row> table() {
  std::ifstream file(tests / "README.md");
  std::vector<Row> rows;
  bool here = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) here = line == "## Promises";
    if (!here || !line.starts_with("| ") || !std::isdigit(static_cast<unsigned char>(line[2]))) continue;
    Row row{std::stoi(line.substr(2)), {}};
    std::stringstream parts(line);
    std::string outside, name;
    while (std::getline(parts, outside, '`') && std::getline(parts, name, '`')) row.named.push_back(name);
    rows.push_back(row);
  }
  return rows;
}

TEST(Promises, EachHasTestsThatBearItsNameAndTheTableOfTestsNamesThem) {
  const auto scenario = scenarios();
  std::set<std::string> listed;
  int number = 0;
  for (const Row& row : table()) {
    EXPECT_EQ(row.number, ++number);
    bool has_scenario = false;
    for (const auto& name : row.named) {
      const auto found = scenario.find(name);
      if (found != scenario.end()) {
        EXPECT_EQ(found->second, row.number) << name;
        has_scenario = true;
        listed.insert(name);
      } else {
        EXPECT_TRUE(is_test_of_ours(name) || std::filesystem::exists(tests / name)) << name;
      }
    }
    EXPECT_TRUE(has_scenario) << "promise " << row.number;
  }
  EXPECT_EQ(number, 10);
  for (const auto& [name, promise] : scenario)
    EXPECT_EQ(promise != 0, listed.contains(name)) << name << " is not in the table";
}

}  // namespace
}  // namespace fallbackmx
