#include "probe/store/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <set>
#include <string>

#include "probe/store/verify_schema.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

/// A closed database with 2,000 addresses.
class InspectionTest : public testing::Test {
 protected:
  InspectionTest() {
    auto table = open();
    EXPECT_TRUE(table.begin());
    for (int i = 0; i < 2000; ++i) table.put("u" + std::to_string(i) + "@example.org", yes());
    EXPECT_TRUE(table.commit());
  }
  AddressTable open() { return *AddressTable::open(path_).table; }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "verify.db";
};

TEST_F(InspectionTest, SeesAndCountsTheRowsThereWereAtTheBeginning) {
  std::set<std::int64_t> seen;
  std::promise<std::optional<std::size_t>> rows;
  const Inspection inspection(open(),
                              {.seen = [&](std::int64_t id) { seen.insert(id); },
                               .counted = [&](std::optional<std::size_t> count) { rows.set_value(count); },
                               .damaged = [](const std::string& why) { ADD_FAILURE() << why; }});
  EXPECT_EQ(rows.get_future().get(), 2000U);
  EXPECT_EQ(seen.size(), 2000U);
  EXPECT_TRUE(seen.contains(name_hash("u7@example.org")));
}

TEST_F(InspectionTest, FindsAPageThatIsDamaged) {
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path_) / 2));
  file << std::string(4096, '\xa5') << std::flush;
  std::promise<std::string> damage;
  const Inspection inspection(open(), {.seen = [](std::int64_t) {},
                                       .counted = [](std::optional<std::size_t>) {},
                                       .damaged = [&](const std::string& why) { damage.set_value(why); }});
  EXPECT_THAT(damage.get_future().get(), AnyOf(HasSubstr("malformed"), HasSubstr("age ")));
}

}  // namespace
}  // namespace fallbackmx
