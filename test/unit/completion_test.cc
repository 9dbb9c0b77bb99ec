#include "milter/command/completion.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "milter/control/verbs.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// What bash offers for a line whose last word is to be completed; one blank behind each.
std::string offered(const std::string& words) {
  const TemporaryFile script(bash_completion() + "compopt() { :; }\nCOMP_WORDS=(fallbackmx " + words +
                             ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_fallbackmx\n"
                             "((${#COMPREPLY[@]} == 0)) || printf '%s ' \"${COMPREPLY[@]}\"\n");
  FILE* pipe = popen(("bash " + script.path() + " 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> bytes;
  while (const auto size = fread(bytes.data(), 1, bytes.size(), pipe)) said.append(bytes.data(), size);
  EXPECT_EQ(pclose(pipe), 0) << said;
  return said;
}

TEST(Completion, BashOffersWhatCanComeNext) {
  struct Case {
    const char *words, *want;
  };
  for (const auto& c : {Case{"stat", "status "},
                        {"re", "remember reload "},
                        {"remember f", "forget flush "},
                        {"remember list --d", "--domain= "},
                        {"--json conf", "config "},
                        {"config --ch", "--changed "},
                        {"-c /etc/x.conf heal", "health "},
                        {"verify u@example.org --f", "--fresh "},
                        {"status --j", "--json "},
                        {"remember list --domain = example.org --neg", "--negatives "},
                        {"dance x", ""}})
    EXPECT_EQ(offered(c.words), c.want) << c.words;
}

TEST(Completion, EveryVerbIsOffered) {
  for (const VerbRow& row : verb_table()) {
    const std::string words(row.words);
    const std::string last = words.substr(words.find_last_of(' ') + 1);
    EXPECT_NE((' ' + offered(words)).find(' ' + last + ' '), std::string::npos) << words;
  }
}

}  // namespace
}  // namespace fallbackmx
