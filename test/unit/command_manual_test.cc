// fallbackmx(1) beside the table of verbs: everything is documented, and nothing that is not there.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "milter/control/verbs.h"

namespace fallbackmx {
namespace {

using Options = std::set<std::string>;

/// The verbs that have an item in the manual, with the options in its first line.
std::map<std::string, Options> documented() {
  std::map<std::string, Options> verbs;
  std::ifstream manual(FALLBACKMX_SOURCE_DIR "/milter/fallbackmx.1");
  const std::regex option("Fl -([a-z-]+)");
  for (std::string line; std::getline(manual, line);) {
    const std::string lead = ".It Cm ";
    if (!line.starts_with(lead)) continue;
    std::string words;
    std::istringstream rest(line.substr(lead.size()));
    for (std::string word; rest >> word && std::islower(static_cast<unsigned char>(word.front())) != 0;)
      words += (words.empty() ? "" : " ") + word;
    auto& options = verbs[words];
    for (std::sregex_iterator each(line.begin(), line.end(), option), end; each != end; ++each)
      options.insert((*each)[1].str());
  }
  return verbs;
}

TEST(CommandManual, HasEveryVerbWithItsOptionsAndNoOther) {
  std::map<std::string, Options> want;
  for (const VerbRow& row : verb_table()) {
    auto& options = want[std::string(row.words)];
    for (const auto& option : options_of(row.verb)) options.emplace(option.name);
  }
  EXPECT_EQ(documented(), want);
}

TEST(CommandManual, NamesEveryVerbThatOnlyRootMayAskFor) {
  std::ifstream manual(FALLBACKMX_SOURCE_DIR "/milter/fallbackmx.1");
  std::stringstream text;
  text << manual.rdbuf();
  const std::string all = text.str();
  const auto begin = all.find("may ask for what changes something"), end = all.find("is logged", begin);
  ASSERT_NE(end, std::string::npos);
  const std::string list = all.substr(begin, end - begin);
  for (const VerbRow& row : verb_table()) {
    const bool named = list.find(".Cm " + std::string(row.words) + " ") != std::string::npos;
    EXPECT_EQ(named, row.kind == VerbKind::changes) << row.words;
  }
}

}  // namespace
}  // namespace fallbackmx
