// A verify database of which any byte may be wrong: the worst effect is more probes. With STRIDE=1 in the
// environment each byte has its turn.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

#include "probe/store/address_table.h"
#include "probe/store/store.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int users = 12;
const std::size_t stride =
    std::getenv("STRIDE") == nullptr ? 13 : std::strtoul(std::getenv("STRIDE"), nullptr, 10);

std::string neighbour_of_two(int i) {
  return "u" + std::to_string(i) + "@d" + std::to_string(i % 2) + ".example";
}
bool exists(int i) { return i % 3 != 0; }

/// A small database, in pages of 512 bytes, so that each of its bytes can have its turn.
class DamagedStore : public testing::Test {
 protected:
  struct Files {
    std::string database, log;
  };
  /// With all in the database, or, when it is still open, most in its log.
  Files make(bool open) {
    EXPECT_TRUE(SqliteConnection(path_).execute("PRAGMA page_size = 512; PRAGMA journal_mode = WAL"));
    auto store = *open_sqlite_store(path_, log_);
    Settings endless;
    endless.address_verify_positive_expire_time = endless.address_verify_negative_expire_time = 1000000h;
    for (int i = 0; i < users; ++i) {
      store->put(neighbour_of_two(i), exists(i) ? yes(Seconds(i)) : no(Seconds(i)));
      if (i % 4 == 3) store->clean_up(now, endless, 1000);
    }
    if (!open) store.reset();
    return {read(path_), open ? read(path_ + "-wal") : std::string()};
  }
  static std::string read(const std::string& path) {
    std::stringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  void put_in_place(const Files& files) {
    for (const auto& entry : fs::directory_iterator(directory_.path())) fs::remove_all(entry.path());
    std::ofstream(path_, std::ios::binary) << files.database;
    if (!files.log.empty()) std::ofstream(path_ + "-wal", std::ios::binary) << files.log;
  }

  /// No verdict comes out that was not put in, about nobody.
  static void expect_no_wrong_verdict(
      const std::function<std::optional<AddressRecord>(const std::string&)>& find, const std::string& what) {
    for (int i = 0; i < users; ++i) {
      const auto record = find(neighbour_of_two(i));
      if (!record) continue;
      ASSERT_EQ(record->verdict == Verdict::deliverable, exists(i)) << what << ": " << neighbour_of_two(i);
      ASSERT_EQ(sound(*record), record) << what;
    }
    ASSERT_FALSE(find("absent@d0.example")) << what;
  }

  /// The rows by themselves: what is found before, and without, a look at the whole file.
  void expect_harmless(const Files& files, const std::string& what) {
    put_in_place(files);
    auto opened = AddressTable::open(path_);
    if (!opened.table) return;
    expect_no_wrong_verdict([&](const std::string& key) { return opened.table->find(key); }, what);
    opened.table->each_after("", [&](const std::string& key, const AddressRecord& record) {
      for (int i = 0; i < users; ++i) {
        const bool right = (record.verdict == Verdict::deliverable) == exists(i);
        EXPECT_TRUE(key != neighbour_of_two(i) || right) << what;
      }
      return true;
    });
  }

  /// All of the store: it starts, serves, and says at most one thing.
  void expect_start(const Files& files, const std::string& what) {
    put_in_place(files);
    {
      const std::lock_guard lock(mutex_);
      lines_.clear();
    }
    auto store = open_sqlite_store(path_, log_);
    ASSERT_TRUE(store) << what << ": " << store.error();
    expect_no_wrong_verdict([&](const std::string& key) { return (*store)->find(key); }, what);
    (*store)->put("new@d0.example", yes());
    (*store)->clean_up(now, Settings(), 1000);
    store->reset();
    const std::lock_guard lock(mutex_);
    ASSERT_LE(lines_.size(), 1u) << what << ": " << lines_.back();
  }

  /// `harm` to both files, for every place in them.
  void at_every_byte(const Files& files, const std::function<void(std::string&, std::size_t)>& harm) {
    for (const bool in_log : {false, true}) {
      const std::string& bytes = in_log ? files.log : files.database;
      for (std::size_t at = 0; at < bytes.size(); at += stride) {
        Files damaged = files;
        harm(in_log ? damaged.log : damaged.database, at);
        const auto what = (in_log ? "log, byte " : "database, byte ") + std::to_string(at);
        expect_harmless(damaged, what);
        if (at / stride % 97 == 0) expect_start(damaged, what);
        if (HasFatalFailure()) return;
      }
    }
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "verify.db";
  std::mutex mutex_;
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }};
};

TEST_F(DamagedStore, EveryByteOfTheDatabaseWrong) {
  at_every_byte(make(false),
                [](std::string& bytes, std::size_t at) { bytes[at] = static_cast<char>(~bytes[at]); });
}

TEST_F(DamagedStore, EveryByteOfADatabaseWithALogWrongByOneBit) {
  at_every_byte(make(true),
                [](std::string& bytes, std::size_t at) { bytes[at] = static_cast<char>(bytes[at] ^ 1); });
}

TEST_F(DamagedStore, CutAtEveryLength) {
  at_every_byte(make(true), [](std::string& bytes, std::size_t at) { bytes.resize(at); });
}

TEST_F(DamagedStore, ManyBytesWrongAtOnce) {
  const Files whole = make(true);
  std::minstd_rand random(20261122);
  for (int round = 0; round < 1000; ++round) {
    Files damaged = whole;
    std::string what;
    for (auto left = random() % 20 + 1; left > 0; --left) {
      auto& bytes = random() % 3 == 0 ? damaged.log : damaged.database;
      const auto at = random() % bytes.size();
      bytes[at] = static_cast<char>(random());
      what += std::to_string(at) + " ";
    }
    expect_harmless(damaged, what);
    if (round % 20 == 0) expect_start(damaged, what);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace fallbackmx
