#include "probe/store/address_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probe/store/verify_schema.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

class AddressTableTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "verify.db";
};

TEST(NameHash, IsTheSameForEver) {
  EXPECT_EQ(name_hash(""), 31767795053760);
  EXPECT_EQ(name_hash("user@example.org"), 19695600080357);
  EXPECT_EQ(name_hash("j\xc3\xbcrgen@x.org"), 103083619117868);
}

TEST_F(AddressTableTest, KeepsAYesWhenAnotherNameHasItsHash) {
  auto opened = AddressTable::open(path_);
  ASSERT_TRUE(opened.table);
  auto& table = *opened.table;
  EXPECT_EQ(table.put("u@example.org", yes()), 1);
  const std::string squat = "UPDATE address SET key = 'other@example.org'";
  ASSERT_TRUE(SqliteConnection(path_).execute(squat.c_str()));
  EXPECT_EQ(table.put("u@example.org", no()), 0);
  EXPECT_FALSE(table.find("u@example.org"));
  EXPECT_EQ(table.erase("u@example.org"), 0);
  ASSERT_TRUE(SqliteConnection(path_).execute("UPDATE address SET good = 0"));
  EXPECT_EQ(table.put("u@example.org", yes()), 0);
  EXPECT_EQ(table.find("u@example.org"), yes());
}

TEST_F(AddressTableTest, BelievesNothingOfARowThatCannotBe) {
  ASSERT_TRUE(AddressTable::open(path_).table);
  {
    SqliteConnection file(path_);
    ASSERT_TRUE(file.execute("PRAGMA ignore_check_constraints = ON"));
    struct Row {
      std::string key, domain, rest;
    };
    for (const Row& row :
         std::vector<Row>{{"verdict@x.org", "x.org", "7, 250, '', '', 1, 1"},
                          {"code@x.org", "x.org", "1, 99999, '', '', 1, 1"},
                          {"flipped@x.org", "x.org", "0, 250, '', '', 1, 1"},
                          {"time@x.org", "x.org", "1, 250, '', '', 9223372036854775807, 1"},
                          {"past@x.org", "x.org", "1, 250, '', '', -5, 1"},
                          {"other@y.org", "x.org", "1, 250, '', '', 1, 50"},
                          {"a\r\nRSET@x.org", "x.org", "1, 250, '', '', 1, 60"},
                          {">@x.org", "x.org", "1, 250, '', '', 1, 70"},
                          {"future@x.org", "x.org", "1, 250, '', '', 1, 99999999999999"},
                          {"long@x.org", "x.org", "1, 250, '', hex(zeroblob(100000)), 1, 1"},
                          {"good@x.org", "x.org", "1, 250, '', 'a' || char(10) || 'b', 1, 2"}}) {
      const auto sql = "INSERT INTO address VALUES (" + std::to_string(name_hash(row.key)) + ", '" + row.key +
                       "', " + std::to_string(name_hash(row.domain)) + ", " + row.rest + ")";
      ASSERT_TRUE(file.execute(sql.c_str())) << sql << file.why();
    }
    // A row where another address would lie.
    const auto sql = "INSERT INTO address VALUES (" + std::to_string(name_hash("here@x.org")) +
                     ", 'elsewhere@x.org', 1, 1, 250, '', '', 1, 1)";
    ASSERT_TRUE(file.execute(sql.c_str()));
  }
  auto opened = AddressTable::open(path_);
  ASSERT_TRUE(opened.table) << opened.why_not;
  auto& table = *opened.table;
  for (const auto* key : {"verdict@x.org", "code@x.org", "flipped@x.org", "time@x.org", "past@x.org",
                          "future@x.org", "here@x.org", "elsewhere@x.org"}) {
    EXPECT_FALSE(table.find(key)) << key;
  }
  EXPECT_EQ(table.find("long@x.org")->words.size(), 500u);
  EXPECT_EQ(table.find("good@x.org")->words, "a?b");
  EXPECT_EQ(table.recent_good("x.org", [](const auto&) { return true; })->key, "good@x.org");
}

}  // namespace
}  // namespace fallbackmx
