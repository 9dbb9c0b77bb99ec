#include "conf/tables/table.h"

#include <gtest/gtest.h>

#include "test/unit/numbered.h"

namespace fallbackmx {
namespace {

std::vector<std::string> shown(const Table& table) {
  return numbered(table.rows, [](const auto& row) { return row.key + "=" + row.value; });
}

TEST(Table, ReadsWhatPostmapReads) {
  struct {
    const char* name;
    std::string in;
    std::vector<std::string> want;
  } const cases[] = {
      {"nothing", "", {}},
      {"key and value", "example.org OK\n", {"1 example.org=OK"}},
      {"blanks", "example.org \t two words  \n", {"1 example.org=two words"}},
      {"comments and blank lines", "# x\n\n  # y\nexample.org OK\n", {"4 example.org=OK"}},
      {"# in a value is part of it", "a b # c\n", {"1 a=b # c"}},
      {"a continuation", "a b,\n  c\nd e\n", {"1 a=b,  c", "3 d=e"}},
      {"a key in quotes", "\"a b\" c\n", {"1 a b=c"}},
      {"quotes inside a key", "\"a b\"@example.org c\n", {"1 a b@example.org=c"}},
      {"a protected quote", "\\\"a b\n", {"1 \"a=b"}},
      {"from Windows", "a b\r\n", {"1 a=b"}},
  };
  for (const auto& [name, in, want] : cases) {
    const auto table = parse_table(in, "/t");
    EXPECT_EQ(shown(table), want) << name;
    EXPECT_TRUE(table.errors.empty()) << name << ": " << table.errors[0];
  }
}

TEST(Table, NamesFileAndLineOfEveryMistake) {
  const auto table = parse_table("  x y\na b\nno-value\n\"open b\nA c\n\x01 d\ne f\n", "/etc/t");
  EXPECT_EQ(table.errors, (std::vector<std::string>{
                              "/etc/t:1: begins with white space, but there is no line before it to continue",
                              "/etc/t:3: \"no-value\": no value after the key",
                              "/etc/t:4: \"\"open b\": no key",
                              "/etc/t:5: \"A\": is in line 2 already",
                              "/etc/t:6: control character 0x01; is this a text file?",
                          }));
  EXPECT_EQ(shown(table), (std::vector<std::string>{"2 a=b", "7 e=f"}));
}

TEST(Table, KnowsATablesNameFromOtherWords) {
  EXPECT_TRUE(names_a_table("texthash:/x"));
  EXPECT_TRUE(names_a_table("proxy:hash:/x"));
  for (const auto* no : {"example.org", "/x", ":x", "2001:db8::1", "[::1]", "A:b", ""})
    EXPECT_FALSE(names_a_table(no)) << no;
}

}  // namespace
}  // namespace fallbackmx
