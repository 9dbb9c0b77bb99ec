#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "test/fuzz/targets.h"

namespace fallbackmx {
namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
  std::size_t cuts;
};

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, KeepsEveryPromiseOfItsTarget) {
  int inputs = 0;
  const auto directory = std::filesystem::path(FALLBACKMX_SOURCE_DIR) / "test/fuzz/corpus" / GetParam().name;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::stringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const auto input = bytes.str();
    EXPECT_NO_THROW(GetParam().run(input)) << entry.path();
    // Cut anywhere, too: cheap, and what a network does.
    for (std::size_t size = 0; size < input.size(); size += 1 + input.size() / GetParam().cuts) {
      EXPECT_NO_THROW(GetParam().run(std::string_view(input).substr(0, size)))
          << entry.path() << " cut at " << size;
    }
    ++inputs;
  }
  EXPECT_GT(inputs, 5);
}

const std::vector<Target> targets = {
#define FUZZ_TARGET(name, cuts, runs) {#name, fuzz::name, cuts},
#include "test/fuzz/targets.def"
#undef FUZZ_TARGET
};

INSTANTIATE_TEST_SUITE_P(Targets, Corpus, testing::ValuesIn(targets),
                         [](const auto& target) { return target.param.name; });

}  // namespace
}  // namespace fallbackmx
