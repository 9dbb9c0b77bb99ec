#include "milter/control/verbs.h"

#include <gtest/gtest.h>

#include <set>

namespace fallbackmx {
namespace {

TEST(Verbs, EachIsFoundByItsNameOnTheWire) {
  std::set<std::string_view> words;
  for (const VerbRow& row : verb_table()) {
    EXPECT_EQ(verb_row(row.verb).words, row.words);
    EXPECT_EQ(verb_on_wire(row.wire_name()), row.verb) << row.words;
    EXPECT_TRUE(words.insert(row.words).second) << row.words << " is there twice";
    EXPECT_FALSE(row.summary.empty() || row.more.empty()) << row.words;
  }
  EXPECT_FALSE(verb_on_wire("no-such-verb"));
  EXPECT_FALSE(verb_on_wire(""));
}

/// The command line is split before the verb is known.
TEST(Verbs, OptionsOfOneNameAgreeOnWhetherTheyTakeAValue) {
  std::set<std::string_view> with, without;
  for (const VerbRow& row : verb_table()) {
    for (const auto& option : options_of(row.verb))
      (option.value.empty() ? without : with).insert(option.name);
  }
  for (const auto name : with) EXPECT_FALSE(without.contains(name)) << name;
}

}  // namespace
}  // namespace fallbackmx
