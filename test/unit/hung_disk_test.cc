// A disk that hangs: whoever asks or puts does not wait for it.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <thread>

#include "probe/store/store.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

namespace fs = std::filesystem;

/// The disk under SQLite, for as long as this lives. What is written, synced or read waits while it hangs.
class Disk {
 public:
  Disk() {
    real() = sqlite3_vfs_find(nullptr);
    vfs_ = *real();
    vfs_.zName = "hanging";
    vfs_.xOpen = &open;
    sqlite3_vfs_register(&vfs_, 1);
    disk() = this;
  }
  ~Disk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real(), 1);
    disk() = nullptr;
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void hang(bool for_writers, bool for_readers) {
    const std::lock_guard lock(mutex_);
    writers_hang_ = for_writers;
    readers_hang_ = for_readers;
    changed_.notify_all();
  }
  void wait_until_somebody_hangs(int many) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return hanging_ >= many; });
  }

 private:
  static sqlite3_vfs*& real() {
    static sqlite3_vfs* vfs;
    return vfs;
  }
  static Disk*& disk() {
    static Disk* one;
    return one;
  }
  /// SQLite's methods for files of one kind (a database, a log), and ours before them.
  struct Methods {
    sqlite3_io_methods ours{};
    const sqlite3_io_methods* real = nullptr;
  };
  static const sqlite3_io_methods& real_of(const sqlite3_file* file) {
    return *reinterpret_cast<const Methods*>(file->pMethods)->real;
  }

  void pass(const bool& hangs) {
    std::unique_lock lock(mutex_);
    if (!hangs) return;
    ++hanging_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hangs; });
    --hanging_;
  }

  Methods& methods_like(const sqlite3_io_methods* real) {
    const std::lock_guard lock(mutex_);
    Methods& methods = methods_[real];
    if (methods.real != nullptr) return methods;
    methods = {*real, real};
    methods.ours.xWrite = [](sqlite3_file* to, const void* bytes, int size, sqlite3_int64 at) {
      disk()->pass(disk()->writers_hang_);
      return real_of(to).xWrite(to, bytes, size, at);
    };
    methods.ours.xSync = [](sqlite3_file* to, int how) {
      disk()->pass(disk()->writers_hang_);
      return real_of(to).xSync(to, how);
    };
    methods.ours.xRead = [](sqlite3_file* from, void* bytes, int size, sqlite3_int64 at) {
      disk()->pass(disk()->readers_hang_);
      return real_of(from).xRead(from, bytes, size, at);
    };
    return methods;
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    const int result = real()->xOpen(real(), name, file, flags, out);
    if (result == SQLITE_OK) file->pMethods = &disk()->methods_like(file->pMethods).ours;
    return result;
  }

  sqlite3_vfs vfs_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const sqlite3_io_methods*, Methods> methods_;
  bool writers_hang_ = false, readers_hang_ = false;
  int hanging_ = 0;
};

std::string neighbour(int i) { return "u" + std::to_string(i) + "@example.org"; }

class HungDisk : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  Disk disk_;
  std::mutex mutex_;
  std::string said_;
  Log log_{[this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    said_ += std::string(line) + "\n";
  }};
};

TEST_F(HungDisk, WhoPutsOrAsksDoesNotWaitForAWriteThatHangs) {
  auto opened = open_sqlite_store(directory_ / "verify.db", log_);
  ASSERT_TRUE(opened) << opened.error();
  auto store = *std::move(opened);
  Settings settings = default_settings();
  for (int i = 0; i < 100; ++i) store->put(neighbour(i), yes());
  store->clean_up(now, settings, 1000);
  disk_.hang(true, false);
  store->put("first@example.org", yes());
  disk_.wait_until_somebody_hangs(1);
  // Nothing of this would come to its end if it waited for the disk.
  for (int i = 0; i < 60'000; ++i) store->put("new" + std::to_string(i) + "@example.org", no());
  EXPECT_EQ(store->find("first@example.org"), yes());
  EXPECT_EQ(store->find("new0@example.org"), no());
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(store->find(neighbour(i)), yes()) << "what is in the file is still read";
  EXPECT_TRUE(store->recent_good("example.org"));
  EXPECT_FALSE(store->find("new59999@example.org")) << "what waits is bounded";
  EXPECT_NE(said_.find("too slow to write"), std::string::npos);
  EXPECT_EQ(said_.find('\n'), said_.size() - 1) << "said once: " << said_;
  disk_.hang(false, false);
  store->clean_up(now, settings, 100'000);
  EXPECT_EQ(store->rows(), 50'101u) << "and it is written when the disk is back";
}

// Nothing of this would come to its end if it waited for the disk.
TEST_F(HungDisk, NobodyWaitsForAReadThatHangs) {
  {
    const auto store = *open_sqlite_store(directory_ / "verify.db", log_);
    for (int i = 0; i < 1000; ++i) store->put(neighbour(i), yes());
  }
  auto store = *open_sqlite_store(directory_ / "verify.db", log_);
  store->clean_up(now, default_settings(), 10'000);  // it is looked over
  disk_.hang(false, true);
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      EXPECT_FALSE(store->find(neighbour(250 * i))) << "half a second, and nothing is remembered";
    });
  }
  for (auto& client : clients) client.join();
  disk_.wait_until_somebody_hangs(4);
  EXPECT_FALSE(store->recent_good("example.org"));
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(store->find(neighbour(i))) << "known to hang: at once";
  store->put("new@example.org", yes());
  EXPECT_EQ(store->find("new@example.org"), yes());
  EXPECT_NE(said_.find("too slow to read"), std::string::npos);
  EXPECT_EQ(said_.find('\n'), said_.size() - 1) << "said once: " << said_;
  disk_.hang(false, false);
  while (!store->find(neighbour(0)))
    std::this_thread::yield();  // as soon as one of those who hung has noticed
  EXPECT_EQ(store->find(neighbour(0)), yes());
}

TEST_F(HungDisk, WhatWasReadLatelyIsKnownWithoutIt) {
  {
    const auto store = *open_sqlite_store(directory_ / "verify.db", log_);
    for (int i = 0; i < 1000; ++i) store->put(neighbour(i), yes());
  }
  auto store = *open_sqlite_store(directory_ / "verify.db", log_);
  store->clean_up(now, default_settings(), 10'000);  // it is looked over
  EXPECT_FALSE(store->at_hand(neighbour(0))) << "who is to be read says that he will wait";
  EXPECT_EQ(store->find(neighbour(0)), yes());
  EXPECT_FALSE(store->find("nobody@example.org"));
  disk_.hang(false, true);
  EXPECT_EQ(store->find(neighbour(0)), yes());
  ASSERT_TRUE(store->at_hand(neighbour(0)));
  EXPECT_EQ(store->at_hand(neighbour(0))->record, yes());
  EXPECT_FALSE(store->at_hand(neighbour(1)));
  EXPECT_FALSE(store->find("nobody@example.org"));
  EXPECT_EQ(said_, "") << "nobody has asked the disk, not even about who is not there";
  for (int i = 100; i < 110; ++i) store->find(neighbour(i));  // SQLite has some pages of the file in memory
  EXPECT_NE(said_.find("too slow to read"), std::string::npos);
  disk_.hang(false, false);
}

TEST_F(HungDisk, WhoWasNeverAskedAboutIsNotLookedForInTheFile) {
  {
    const auto store = *open_sqlite_store(directory_ / "verify.db", log_);
    for (int i = 0; i < 1000; ++i) store->put(neighbour(i), i % 2 == 0 ? yes() : no());
  }
  auto store = *open_sqlite_store(directory_ / "verify.db", log_);
  store->clean_up(now, endless(), 10'000);  // its rows are counted
  disk_.hang(false, true);
  for (int i = 1000; i < 1010; ++i) EXPECT_FALSE(store->find(neighbour(i)));
  EXPECT_EQ(said_, "") << "nobody has asked the disk";
  for (const int i : {0, 999}) store->find(neighbour(i));
  EXPECT_NE(said_.find("too slow to read"), std::string::npos) << "for those there is no other way";
  disk_.hang(false, false);
}

}  // namespace
}  // namespace fallbackmx
