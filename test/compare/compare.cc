// compare SUITE HOST PORT PORT: puts the cases of a suite to Postfix with restrictions (first port) and to
// Postfix with our milter (second port). Code, enhanced code and text must be the same, but where the suite
// says why not.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <set>

#include "test/compare/dialogue.h"
#include "test/compare/suite.h"

namespace {

using namespace fallbackmx;

/// How many differ without a reason; each is printed.
int compare(const Suite& suite, const std::vector<std::string>& postfix,
            const std::vector<std::string>& ours) {
  int unexplained = 0;
  std::size_t intended = 0, refused = 0;
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < suite.cases.size(); ++i) {
    if (!postfix[i].starts_with("250")) ++refused;
    if (postfix[i] == ours[i]) continue;
    const auto row = difference_for(suite, suite.cases[i], ours[i]);
    if (row != std::string::npos) {
      used.insert(row);
      ++intended;
      continue;
    }
    ++unexplained;
    std::printf("  %s\n    Postfix: %s\n    ours:    %s\n", suite.cases[i].text().c_str(), postfix[i].c_str(),
                ours[i].c_str());
  }
  for (std::size_t row = 0; row < suite.differences.size(); ++row) {
    if (used.contains(row)) continue;
    ++unexplained;
    std::printf("  no case differs as this says: %s\n", suite.differences[row].which.c_str());
  }
  std::printf("%zu cases, %zu of them refused by Postfix, %zu different on purpose\n", suite.cases.size(),
              refused, intended);
  return unexplained;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::fprintf(stderr, "usage: compare SUITE HOST PORT PORT\n");
    return 64;
  }
  const Suite suite = read_suite(argv[1]);
  const auto postfix = answers(argv[2], std::atoi(argv[3]), suite.cases);
  const auto ours = answers(argv[2], std::atoi(argv[4]), suite.cases);
  return compare(suite, postfix, ours) == 0 ? 0 : 1;
} catch (const std::exception& trouble) {
  std::printf("  %s\n", trouble.what());
  return 1;
}
