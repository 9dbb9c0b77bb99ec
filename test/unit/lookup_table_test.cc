#include "conf/tables/lookup_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "probe/base/text_file.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// One table of lookup_tables.cases.
struct Case {
  std::string type, text;
  std::vector<std::pair<std::string, std::string>> lookups;
};

std::vector<Case> cases() {
  std::ifstream file(FALLBACKMX_SOURCE_DIR "/test/unit/lookup_tables.cases");
  std::vector<Case> all;
  for (std::string line; std::getline(file, line);) {
    const auto arrow = line.find(" ->");
    if (line.starts_with("table ")) {
      all.push_back({.type = line.substr(6)});
    } else if (line.starts_with("|")) {
      all.back().text += line.substr(std::min<std::size_t>(2, line.size())) + '\n';
    } else if (arrow != std::string::npos && !line.starts_with('#')) {
      all.back().lookups.emplace_back(line.substr(0, arrow),
                                      stripped(std::string_view(line).substr(arrow + 3)));
    }
  }
  return all;
}

TEST(LookupTable, SaysWhatPostfixSays) {
  std::size_t lookups = 0;
  for (const auto& [type, text, wanted] : cases()) {
    const TemporaryFile file(text);
    const auto table = LookupTable::open(text.empty() ? type : type + ":" + file.path());
    ASSERT_TRUE(table) << table.error();
    for (const auto& [key, want] : wanted) {
      const auto found = (*table)->find(key, true);
      EXPECT_EQ(found ? found->text : "", want) << type << "\n" << text << key;
      ++lookups;
    }
  }
  EXPECT_GT(lookups, 60u);
}

TEST(LookupTable, PatternsAreAskedAboutWholeKeysOnly) {
  const TemporaryFile patterns("/^example/ yes\n"), networks("192.0.2.0/24 yes\n"), keys("example.org yes\n");
  struct {
    std::string name, key;
    bool part_too;
  } const rows[] = {
      {"regexp:" + patterns.path(), "example.org", false}, {"pcre:" + patterns.path(), "example.org", false},
      {"cidr:" + networks.path(), "192.0.2.1", false},     {"hash:" + keys.path(), "example.org", true},
      {"inline:{example.org=yes}", "example.org", true},   {"static:yes", "example.org", true},
  };
  for (const auto& [name, key, part_too] : rows) {
    const auto table = LookupTable::open(name);
    ASSERT_TRUE(table) << table.error();
    EXPECT_TRUE((*table)->find(key, true)) << name;
    EXPECT_EQ((*table)->find(key, false).has_value(), part_too) << name;
  }
}

TEST(LookupTable, TheTextBesideADatabaseIsRead) {
  const TemporaryFile file("example.org OK\n");
  for (const std::string type : {"texthash", "hash", "btree", "lmdb", "cdb", "dbm", "proxy:hash"}) {
    const auto table = LookupTable::open(type + ":" + file.path());
    ASSERT_TRUE(table) << table.error();
    EXPECT_TRUE((*table)->find("example.org", true)) << type;
  }
}

TEST(LookupTable, TextsAreKnownBeforeAnythingIsLookedUp) {
  const TemporaryFile file("/^(a)$/ x $1\n\n/b/ costs $$5\n");
  const auto table = LookupTable::open("pcre:" + file.path());
  ASSERT_TRUE(table) << table.error();
  const auto& rows = (*table)->rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].substitutes);
  EXPECT_EQ(rows[0].text, "x $1");
  EXPECT_EQ(rows[0].where, file.path() + ":1");
  EXPECT_FALSE(rows[1].substitutes);
  EXPECT_EQ(rows[1].text, "costs $5");
  EXPECT_EQ(rows[1].where, file.path() + ":3");
  EXPECT_EQ(rows[1].key, "/b/");
  EXPECT_FALSE((*table)->enumerable());
}

TEST(LookupTable, MistakesAreNamedWithFileAndLine) {
  struct {
    std::string type, text, want;
  } const rows[] = {
      {"regexp", "/a/ x\n/b x\n", ":2: \"/b x\": no closing \"/\""},
      {"regexp", "/a(/ x\n", ":1: \"a(\": missing closing parenthesis, at character 2 of the pattern"},
      {"regexp", "/a/x y\n",
       ":1: \"a\": flag x (basic regular expressions) is not supported: write an extended one, without x"},
      {"regexp", "/a+?/ y\n",
       ":1: \"a+?\": two repetitions in a row: put parentheses around the first, or name the table pcre:"},
      {"regexp", "/(?i)a/ y\n", ":1: \"(?i)a\": \"(?\" is no POSIX expression: name the table pcre:"},
      {"regexp", "/[a/ y\n", ":1: \"[a\": \"[\" is not closed"},
      {"pcre", "/a/q x\n", ":1: \"a\": unknown flag \"q\" after the pattern"},
      {"pcre", "/a/\n", ":1: \"/a/\": no text after the pattern"},
      {"pcre", "/(a)/ $2\n", ":1: \"$2\": $2, but the pattern has groups 1 to 1"},
      {"pcre", "!/(a)/ $1\n", ":1: \"$1\": $1, but the pattern has no groups"},
      {"pcre", "/(a)/ $x\n", ":1: \"$x\": after $ write the number of a group, as in $1, or $$ for a $"},
      {"pcre", "a@example.org OK\n",
       ":1: \"a@example.org OK\": write the pattern between slashes, as in /^user@example\\.org$/"},
      {"pcre", "if /a/\n/b/ x\n", ":1: if without an endif"},
      {"pcre", "/b/ x\nendif\n", ":2: endif without an if before it"},
      {"cidr", "192.0.2.0/24\n", ":1: \"192.0.2.0/24\": no text after the network"},
      {"cidr", "if 192.0.2.1/24\nendif\n",
       ":1: \"192.0.2.1/24\" has bits set after the first 24; did you mean 192.0.2.0/24?"},
      {"texthash", "a OK\nb\n", ":2: \"b\": no value after the key"},
  };
  for (const auto& [type, text, want] : rows) {
    const TemporaryFile file(text);
    const auto table = LookupTable::open(type + ":" + file.path());
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error(), file.path() + want);
  }
}

TEST(LookupTable, WhatCannotBeReadNamesTheWayOut) {
  const std::string way_out =
      "write what is in it into a file, and name that texthash:/file (cidr:, regexp:, pcre:, inline: and "
      "static: "
      "are read, too)";
  struct {
    std::string in, want;
  } const rows[] = {
      {"ldap:/etc/l", "\"ldap:/etc/l\": tables of type ldap are not supported: " + way_out},
      {"proxy:mysql:/etc/m", "\"proxy:mysql:/etc/m\": tables of type mysql are not supported: " + way_out},
      {"unionmap:{hash:/a, hash:/b}",
       "\"unionmap:{hash:/a, hash:/b}\": tables of type unionmap are not supported: name the tables in it "
       "one "
       "after the other"},
      {"socketmap:unix:/s:n",
       "\"socketmap:unix:/s:n\": socketmap: is asked for smtp_tls_policy_maps only; here " + way_out},
      {"texthsah:/x", "\"texthsah:/x\": unknown type of table \"texthsah\"; did you mean texthash:?"},
      {"hash:access", "hash:access: write the whole path of the file, beginning with /"},
      {"cdb:/nonexistent/t",
       "cdb:/nonexistent/t: cannot read /nonexistent/t: No such file or directory (the text that the cdb "
       "database was made of is needed)"},
      {"inline:a=b", "\"inline:a=b\": write inline:{ key=value, { key = text with blanks } }"},
      {"inline:{a}", "\"inline:{a}\": \"a\" is not of the form key=value, or { key = text with blanks }"},
      {"inline:{ }", "\"inline:{ }\": there is nothing in it"},
      {"static:", "static:: write static:value, or static:{ text with blanks }"},
  };
  for (const auto& [in, want] : rows) {
    const auto table = LookupTable::open(in);
    ASSERT_FALSE(table) << in;
    EXPECT_EQ(table.error(), want);
  }
}

TEST(LookupTable, APatternThatTakesForEverMatchesNothing) {
  const TemporaryFile file("/^(a+)+$/ x\n/b$/ y\n");
  const auto table = LookupTable::open("pcre:" + file.path());
  ASSERT_TRUE(table) << table.error();
  const auto found = (*table)->find(std::string(100, 'a') + "b", true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, "y");
}

TEST(LookupTables, TheFirstThatKnowsAKeyCounts) {
  const TemporaryFile file("/^a/ pattern\n");
  const auto tables =
      LookupTables::open("inline:{ a=1, b=2 }, pcre:" + file.path() + " proxy:static:{all the rest}");
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_EQ(tables->find("a"), "1");
  EXPECT_EQ(tables->find("ab"), "pattern");
  EXPECT_EQ(tables->find("c"), "all the rest");
  EXPECT_FALSE(LookupTables::open("")->find("a"));
  EXPECT_TRUE(LookupTables::open("")->empty());
}

}  // namespace
}  // namespace fallbackmx
