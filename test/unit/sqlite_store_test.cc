#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "probe/store/address_table.h"
#include "probe/store/store.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A place for a database, and a log.
class SqliteStoreFile : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = open_sqlite_store(path_, log_);
    return store ? *std::move(store) : nullptr;
  }
  /// A closed database with `count` addresses.
  void fill(int count) {
    const auto store = open();
    for (int i = 0; i < count; ++i) store->put(user(i), i % 3 == 0 ? no() : yes(Seconds(i)));
  }
  /// Everything that is in the file, or gone: nothing else may come out of a damaged one.
  void expect_only_what_was_put(Store& store, int count, const std::string& what) {
    for (int i = 0; i < count; ++i) {
      const auto record = store.find(user(i));
      ASSERT_TRUE(!record || sound(*record) == record) << what;
      if (const auto good = store.recent_good("d" + std::to_string(i % 7) + ".example")) {
        ASSERT_TRUE(good->ends_with("@d" + std::to_string(i % 7) + ".example")) << what << *good;
      }
    }
    // Damage that is found just now may take along what was just written, but once only.
    store.put("new@example.org", yes());
    if (!store.find("new@example.org")) store.put("new@example.org", yes());
    ASSERT_EQ(store.find("new@example.org"), yes()) << what;
    store.clean_up(now, endless(), 1'000'000);
  }
  /// Cleaning up waits until what is in the file is counted.
  std::size_t rows(Store& store) {
    store.clean_up(now, endless(), 1'000'000);
    return store.rows();
  }
  std::string read(const std::string& path) {
    std::stringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::size_t broken_files() {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      const auto name = entry.path().filename().string();
      if (name.starts_with("verify.db.broken-") && !name.ends_with("-wal") && !name.ends_with("-shm"))
        ++count;
    }
    return count;
  }
  void remove_all() {
    for (const auto& entry : fs::directory_iterator(directory_.path())) fs::remove_all(entry.path());
  }

  const TemporaryDirectory directory_;
  std::string path_ = directory_ / "verify.db";
  std::mutex mutex_;
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }};
};

TEST_F(SqliteStoreFile, RemembersOverARestart) {
  fill(100);
  const auto store = open();
  EXPECT_EQ(rows(*store), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(store->find(user(i)), i % 3 == 0 ? no() : yes(Seconds(i)));
  EXPECT_EQ(store->recent_good("d1.example"), "u1@d1.example");
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(SqliteStoreFile, CleaningUpForgetsWhatIsDroppedAndNothingWhenNothingIs) {
  const auto store = open();
  store->put("lately@example.org", yes());
  store->put("long-ago@example.org", yes(48h));
  store->clean_up(now, endless(), 1'000'000);
  // Behind its back: what it still knows comes from its own memory.
  ASSERT_TRUE(SqliteConnection(path_).execute("DELETE FROM address WHERE key LIKE 'lately%'"));
  store->clean_up(now, endless(), 1'000'000);
  EXPECT_EQ(store->find("lately@example.org"), yes());

  Settings of_a_day = endless();
  of_a_day.address_verify_positive_expire_time = 24h;
  store->clean_up(now, of_a_day, 1'000'000);
  EXPECT_FALSE(store->find("long-ago@example.org"));
  EXPECT_FALSE(store->find("lately@example.org"));
}

TEST_F(SqliteStoreFile, FindsWhatWasWrittenSinceItsRowsWereCounted) {
  const auto store = open();
  ASSERT_EQ(rows(*store), 0u);
  store->put("first@example.org", yes());
  for (int i = 0; i < 20'001; ++i) store->put(user(i), no());  // of so many the first is no recent one
  ASSERT_EQ(rows(*store), 20'002u);
  EXPECT_EQ(store->find("first@example.org"), yes());
}

TEST_F(SqliteStoreFile, KeepsNotesOverARestartUntilTheyAreTooOld) {
  {
    const auto store = open();
    store->note("b", "old", now - 8 * 24h);
    store->note("a", "first", now - 1h);
    store->note("a", "second", now);
    store->note("gone", "x", now);
    store->note("gone", std::nullopt, now);
    store->note("", "nothing", now);
    store->note("long", std::string(longest_note + 1, 'x'), now);
  }
  const auto store = open();
  auto notes = store->notes(10);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].key, "a");
  EXPECT_EQ(notes[0].value, "second");
  EXPECT_EQ(notes[0].written, now);
  EXPECT_EQ(store->notes(1).size(), 1u);
  EXPECT_EQ(rows(*store), 0u) << "they are no addresses";
  store->clean_up(now, default_settings(), 1000);
  notes = store->notes(10);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].key, "a");
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(SqliteStoreFile, AFileOfAVersionThatKnewNoNotesGetsThem) {
  fill(10);
  ASSERT_TRUE(SqliteConnection(path_).execute("DROP TABLE note"));
  const auto store = open();
  EXPECT_EQ(rows(*store), 10u);
  store->note("a", "b", now);
  store->clean_up(now, endless(), 1'000'000);
  EXPECT_EQ(store->notes(10).size(), 1u);
  EXPECT_EQ(broken_files(), 0u);
}

TEST_F(SqliteStoreFile, ANoteWhoseBytesAreWrongIsPassedOver) {
  {
    const auto store = open();
    store->note("good", "1", now);
  }
  ASSERT_TRUE(SqliteConnection(path_).execute(
      "INSERT INTO note VALUES ('from the future', 'x', 99999999999), ('before all time', 'x', -1)"));
  const auto notes = open()->notes(10);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].key, "good");
}

TEST_F(SqliteStoreFile, LeavesOneFileWhenClosed) {
  fill(10);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(SqliteStoreFile, TakesAnEmptyFileForANewOne) {
  write(path_, "");
  EXPECT_TRUE(open());
  EXPECT_EQ(broken_files(), 0u);
}

TEST_F(SqliteStoreFile, SetsAsideWhatIsNoDatabaseAndSaysSoOnce) {
  const std::string text = "this is not a database\n";
  write(path_, text);
  const auto store = open();
  ASSERT_TRUE(store);
  expect_only_what_was_put(*store, 1, "text");
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], HasSubstr("file is not a database"));
  EXPECT_EQ(store->files_set_aside(), 1u);
  EXPECT_THAT(lines_[0], HasSubstr("set aside as " + path_ + ".broken-2"));
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(directory_.path()))
    kept += read(entry.path().string()) == text ? 1 : 0;
  EXPECT_EQ(kept, 1);
}

TEST_F(SqliteStoreFile, SetsAsideTheDatabaseOfAnotherProgram) {
  {
    SqliteConnection other(path_);
    other.execute("CREATE TABLE cookies (x); INSERT INTO cookies VALUES (1)");
  }
  ASSERT_TRUE(open());
  EXPECT_EQ(broken_files(), 1u);
  EXPECT_THAT(lines_.at(0), HasSubstr("another program"));
}

TEST_F(SqliteStoreFile, SetsAsideTheDatabaseOfANewerVersion) {
  fill(1);
  SqliteConnection(path_).execute("PRAGMA user_version = 3");
  ASSERT_TRUE(open());
  EXPECT_EQ(broken_files(), 1u);
  EXPECT_THAT(lines_.at(0), HasSubstr("a newer version of fallbackmx (schema 3)"));
}

/// As schema 1 was: a name for an id, and domains by name.
constexpr const char* schema1 = R"(
  CREATE TABLE address (
    key TEXT NOT NULL PRIMARY KEY, domain TEXT NOT NULL, good INTEGER NOT NULL CHECK (good IN (0, 1)),
    code INTEGER NOT NULL, dsn TEXT NOT NULL, words TEXT NOT NULL, asked INTEGER NOT NULL, last_yes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX address_no ON address (asked) WHERE good = 0;
  CREATE INDEX address_yes ON address (last_yes) WHERE good = 1;
  CREATE INDEX address_domain ON address (domain, last_yes) WHERE good = 1;
  PRAGMA application_id = 0x66626d78;
  PRAGMA user_version = 1;
  PRAGMA journal_mode = WAL;
)";

void make_schema_1(const std::string& path, int count) {
  SqliteConnection old(path);
  ASSERT_TRUE(old.execute(schema1)) << old.why();
  ASSERT_TRUE(old.execute("BEGIN"));
  for (int i = 0; i < count; ++i) {
    const std::string name = user(i), domain = name.substr(name.find('@') + 1);
    const auto row = i % 3 == 0 ? "0, 550, '5.1.1', 'no such user', 1800000000, 0"
                                : "1, 250, '2.1.5', 'ok', " + std::to_string(1'800'000'000 - i) + ", " +
                                      std::to_string(1'800'000'000 - i);
    const auto sql = "INSERT INTO address VALUES ('" + name + "', '" + domain + "', " + row + ")";
    ASSERT_TRUE(old.execute(sql.c_str())) << sql << old.why();
  }
  ASSERT_TRUE(old.execute("COMMIT"));
}

TEST_F(SqliteStoreFile, TakesOverTheDatabaseOfAnOlderVersion) {
  make_schema_1(path_, 300);
  for (const bool again : {false, true}) {
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(rows(*store), 300u) << again;
    for (int i = 0; i < 300; ++i)
      ASSERT_EQ(store->find(user(i)), i % 3 == 0 ? no() : yes(Seconds(i))) << again << i;
    EXPECT_EQ(store->recent_good("d1.example"), "u1@d1.example");
  }
  EXPECT_TRUE(lines_.empty()) << lines_.front();
  EXPECT_EQ(SqliteConnection(path_).number(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'address%'"),
            1);
}

/// Runs `work` in a process that dies at the first byte it writes beyond `limit` in any file, as if the plug
/// were pulled there. True when it lived.
bool outlives(rlim_t limit, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0}, small{limit, limit};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGXFSZ, SIG_DFL);
    setrlimit(RLIMIT_FSIZE, &small);
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(SqliteStoreFile, LosesNothingWhenKilledAnywhereWhileItTakesOverAnOlderVersion) {
  make_schema_1(path_, 1000);
  int killed = 0;
  const auto take_over = [&] { (void)open_sqlite_store(path_, log_); };
  const auto start = fs::file_size(path_);
  for (rlim_t limit = start; !outlives(limit, take_over); limit += 7'000) {
    ++killed;
    ASSERT_EQ(SqliteConnection(path_).number("PRAGMA user_version"), 1) << limit;
    ASSERT_EQ(SqliteConnection(path_).number("SELECT count(*) FROM address"), 1000) << limit;
  }
  EXPECT_GT(killed, 5);
  const auto store = open();
  EXPECT_EQ(rows(*store), 1000u);
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(SqliteStoreFile, SetsAsideADatabaseWithOtherTables) {
  fill(1);
  SqliteConnection(path_).execute("ALTER TABLE address RENAME COLUMN words TO wörter");
  ASSERT_TRUE(open());
  EXPECT_THAT(lines_.at(0), HasSubstr("no such column"));
}

TEST_F(SqliteStoreFile, SetsAsideAFileThatSqliteWouldOnlyRead) {
  fill(1);
  auto bytes = read(path_);
  bytes[18] = 3;  // a write version that no SQLite knows yet
  write(path_, bytes);
  ASSERT_TRUE(open());
  EXPECT_THAT(lines_.at(0), HasSubstr("cannot be written"));
}

TEST_F(SqliteStoreFile, LeavesAFileAloneThatSomebodyElseHasLocked) {
  fill(1);
  SqliteConnection other(path_);
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  const auto store = open_sqlite_store(path_, log_);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr("locked"));
  EXPECT_EQ(broken_files(), 0u);
}

TEST_F(SqliteStoreFile, SetsAsideADirectory) {
  fs::create_directory(path_);
  ASSERT_TRUE(open());
  EXPECT_EQ(broken_files(), 1u);
}

TEST_F(SqliteStoreFile, CannotBeHadWithoutItsDirectory) {
  for (const auto& path : {directory_ / "none/verify.db", std::string("/proc/verify.db"), std::string(),
                           std::string(":memory:"), directory_ / std::string("a\0b", 3)}) {
    const auto store = open_sqlite_store(path, log_);
    ASSERT_FALSE(store) << path;
    EXPECT_THAT(store.error(), HasSubstr("verify database"));
  }
  write(path_, "a file");
  EXPECT_FALSE(open_sqlite_store(path_ + "/verify.db", log_));
  EXPECT_EQ(read(path_), "a file");
}

TEST_F(SqliteStoreFile, SurvivesBeingCutAnywhere) {
  fill(300);
  const auto whole = read(path_);
  ASSERT_GT(whole.size(), 30'000u);
  for (std::size_t size = 0; size <= whole.size(); size += 512) {
    remove_all();
    write(path_, whole.substr(0, size));
    const auto store = open();
    ASSERT_TRUE(store) << size;
    expect_only_what_was_put(*store, 20, "cut at " + std::to_string(size));
  }
}

TEST_F(SqliteStoreFile, SurvivesAWrongByteAnywhere) {
  fill(300);
  const auto whole = read(path_);
  for (std::size_t at = 0; at < whole.size(); at += at < 200 ? 3 : 397) {
    for (const auto flip : {0x01, 0xff}) {
      remove_all();
      auto bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      write(path_, bytes);
      const auto store = open();
      ASSERT_TRUE(store) << at;
      expect_only_what_was_put(*store, 20, "wrong byte at " + std::to_string(at));
    }
  }
}

TEST_F(SqliteStoreFile, SurvivesAWriteAheadLogWithWrongBytes) {
  const auto store = open();
  for (int i = 0; i < 300; ++i) store->put(user(i), yes());
  store->clean_up(now, endless(), 1'000'000);
  const auto database = read(path_), log = read(path_ + "-wal");
  ASSERT_FALSE(log.empty());
  const auto live = std::exchange(path_, directory_ / "copy/verify.db");
  for (std::size_t at = 0; at < log.size(); at += at < 64 ? 5 : 1999) {
    fs::remove_all(directory_ / "copy");
    fs::create_directory(directory_ / "copy");
    auto bytes = log;
    bytes[at] = static_cast<char>(bytes[at] ^ 0xff);
    write(path_, database);
    write(path_ + "-wal", bytes);
    const auto copy = open();
    ASSERT_TRUE(copy) << at;
    expect_only_what_was_put(*copy, 20, "wrong byte in the log at " + std::to_string(at));
  }
}

TEST_F(SqliteStoreFile, BeginsAnewWhenRemovedWhileOpen) {
  const auto store = open();
  store->put("old@example.org", yes());
  store->clean_up(now, endless(), 1000);
  remove_all();
  expect_only_what_was_put(*store, 1, "removed");
  EXPECT_THAT(lines_.at(0), HasSubstr("removed or replaced while in use"));
  EXPECT_TRUE(fs::exists(path_));
  EXPECT_FALSE(store->find("old@example.org"));
  EXPECT_EQ(store->rows(), 1u);
}

TEST_F(SqliteStoreFile, SaysOnceThatItsDirectoryIsGoneAndRecoversWhenItIsBack) {
  const auto store = open();
  fs::remove_all(directory_.path());
  for (int i = 0; i < 50; ++i) {
    store->put(user(i), yes());
    store->clean_up(now, endless(), 1000);
    EXPECT_FALSE(store->find(user(i)));
    EXPECT_FALSE(store->recent_good("d1.example"));
  }
  EXPECT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_.at(1), HasSubstr("unable to open database file"));
  fs::create_directory(directory_.path());
  expect_only_what_was_put(*store, 1, "back again");
  EXPECT_EQ(store->find("new@example.org"), yes());
}

TEST_F(SqliteStoreFile, SetsAsideAFileThatIsDamagedWhileOpen) {
  fill(2000);
  const auto store = open();
  ASSERT_EQ(rows(*store), 2000u);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    const std::string rubbish(4096, '\xa5');
    for (std::size_t page = 1; page < fs::file_size(path_) / 4096; ++page) {
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << rubbish;
    }
  }
  for (int i = 0; i < 2000; ++i) (void)store->find(user(i));
  store->put("new@example.org", yes());
  store->clean_up(now, endless(), 1'000'000);
  store->clean_up(now, endless(), 1'000'000);
  EXPECT_EQ(broken_files(), 1u);
  expect_only_what_was_put(*store, 1, "after damage");
}

TEST_F(SqliteStoreFile, SaysOnceThatTheDiskIsFullAndServesOn) {
  const auto store = open();
  store->put("old@example.org", yes());
  store->clean_up(now, endless(), 1'000'000);
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4'096, before.rlim_max};  // not even one page goes into the log
  setrlimit(RLIMIT_FSIZE, &small);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 500; ++i) store->put(user(round * 500 + i), yes());
    store->clean_up(now, endless(), 1'000'000);
    store->clean_up(now, endless(), 1'000'000);  // of nothing: no sign that there is room again
  }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(lines_.size(), 1u);
  EXPECT_EQ(broken_files(), 0u);
  EXPECT_EQ(store->find("old@example.org"), yes());
  store->put("later@example.org", yes());
  store->clean_up(now, endless(), 1'000'000);
  EXPECT_EQ(store->find("later@example.org"), yes());
  EXPECT_EQ(store->rows(), 2u);
}

/// Puts addresses without end, and tells how many were in the file at least.
[[noreturn]] void write_until_killed(const std::string& path, int progress) {
  Log quiet([](LogLevel, std::string_view) {});
  auto store = open_sqlite_store(path, quiet);
  if (!store) _exit(1);
  for (int i = 0;; ++i) {
    (*store)->put(user(i), yes());
    if (i % 100 != 99) continue;
    (*store)->clean_up(now, endless(), 1'000'000);
    if (::write(progress, &i, sizeof i) != sizeof i) _exit(1);
  }
}

TEST_F(SqliteStoreFile, SurvivesKillMinus9) {
  for (int round = 1; round <= 5; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0) << "to kill -1 is to kill everybody";
    if (child == 0) write_until_killed(path_, progress[1]);
    close(progress[1]);
    int written = 0;
    for (int reports = 0; reports < round; ++reports) {
      ASSERT_EQ(::read(progress[0], &written, sizeof written), static_cast<ssize_t>(sizeof written));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(progress[0]);
    const auto store = open();
    ASSERT_TRUE(store);
    for (int i = 0; i <= written; ++i) ASSERT_EQ(store->find(user(i)), yes()) << round << ": " << i;
    EXPECT_EQ(broken_files(), 0u);
  }
  EXPECT_TRUE(lines_.empty());
}

TEST_F(SqliteStoreFile, LosesNothingThatWasWrittenWhenKilledAtAnyWrite) {
  for (rlim_t limit = 4096; limit < 300'000; limit += 6'100) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    outlives(limit, [&] {
      close(progress[0]);
      write_until_killed(path_, progress[1]);
    });
    close(progress[1]);
    int written = -1, next = 0;
    while (::read(progress[0], &next, sizeof next) == static_cast<ssize_t>(sizeof next)) written = next;
    close(progress[0]);
    const auto store = open();
    ASSERT_TRUE(store);
    for (int i = 0; i <= written; ++i) ASSERT_EQ(store->find(user(i)), yes()) << limit << ": " << i;
    ASSERT_EQ(broken_files(), 0u) << limit;
  }
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(SqliteStoreFile, IsChosenByAddressVerifyMap) {
  EXPECT_TRUE(open_store("sqlite:" + path_, log_));
  EXPECT_TRUE(fs::exists(path_));
  EXPECT_TRUE(open_store("memory:", log_));
  EXPECT_TRUE(open_store("", log_));
  EXPECT_TRUE(lines_.empty());
  for (const auto& bad : {std::string("btree:/var/lib/postfix/verify_cache"), std::string("sqlite:"),
                          "sqlite:" + directory_ / "none/verify.db"}) {
    lines_.clear();
    const auto store = open_store(bad, log_);
    store->put("u@example.org", yes());
    EXPECT_EQ(store->find("u@example.org"), yes());
    ASSERT_EQ(lines_.size(), 1u) << bad;
    EXPECT_THAT(lines_[0], HasSubstr("kept in memory"));
  }
}

}  // namespace
}  // namespace fallbackmx
