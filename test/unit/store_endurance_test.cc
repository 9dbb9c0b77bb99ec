// A verify database under load that is killed, and under attack. KILLS=1000 and ATTACK=1000000 make it
// longer.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "probe/store/store.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Ticks = std::chrono::steady_clock;

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<unsigned>(std::atoi(value));
}

AddressRecord answer(unsigned i) { return i % 3 == 0 ? no(Seconds(i % 1000)) : yes(Seconds(i % 1000)); }

/// In bytes. What a sanitizer keeps for itself is none of our business: nothing then.
std::size_t resident() {
#ifdef FALLBACKMX_SANITIZED
  return 0;
#else
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
#endif
}

/// What a process that is going to be killed leaves behind.
struct Diary {
  std::atomic<unsigned> put;         ///< users below it were put
  std::atomic<unsigned> written;     ///< and below it are in the file for certain
  std::atomic<unsigned> second_ago;  ///< and below it were put more than a second ago
};

class StoreEndurance : public testing::Test {
 protected:
  StoreEndurance() {
    void* const shared =
        mmap(nullptr, sizeof(Diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    diary_ = new (shared) Diary{};
  }
  ~StoreEndurance() override { munmap(diary_, sizeof(Diary)); }

  /// Runs in a process of its own, and does not return. Writes a byte to `tell` for each user that was put.
  [[noreturn]] void live_under_load(int tell) {
    auto store = open_sqlite_store(path_, log_);
    if (!store) _exit(1);
    std::thread reader([&] {
      for (unsigned i = 0;; ++i) (*store)->find(user(i % (diary_->put + 1)));
    });
    const auto begun = Ticks::now();
    std::vector<unsigned> by_centisecond;
    for (unsigned i = diary_->put;; ++i) {
      (*store)->put(user(i), answer(i));
      diary_->put = i + 1;
      if (write(tell, "", 1) != 1) _exit(1);
      if (i % 50 == 0) (*store)->forget("nobody@example.org");
      if (i % 300 == 0) {
        (*store)->clean_up(now, endless(), 1'000'000);
        diary_->written = i + 1;
      }
      const auto passed = static_cast<std::size_t>((Ticks::now() - begun) / 10ms);
      by_centisecond.resize(passed + 1, i);
      if (passed > 101) diary_->second_ago = by_centisecond[passed - 101];
    }
  }

  /// A life that ends by SIGKILL when so many users were put; the process goes on meanwhile, to wherever it
  /// comes.
  void live_until(std::function<bool(unsigned put)> enough) {
    int told[2];
    ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0) << "to kill -1 is to kill everybody";
    if (child == 0) live_under_load(told[1]);
    close(told[1]);
    char byte;
    for (unsigned put = 0; !enough(put) && read(told[0], &byte, 1) == 1;) ++put;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(told[0]);
  }

  /// How long it took to serve again.
  Ticks::duration expect_all_there(unsigned from, unsigned to, const std::string& what) {
    const auto begun = Ticks::now();
    const auto store = open_sqlite_store(path_, log_);
    EXPECT_TRUE(store) << what;
    if (!store) return {};
    (*store)->find(user(0));
    const auto took = Ticks::now() - begun;
    for (unsigned i = from; i < to; ++i) EXPECT_EQ((*store)->find(user(i)), answer(i)) << what << ", " << i;
    // What came later is there as it was put, or not there.
    for (unsigned i = to; i <= diary_->put; ++i) {
      const auto record = (*store)->find(user(i));
      EXPECT_TRUE(!record || *record == answer(i)) << what << ", " << i;
    }
    EXPECT_TRUE(said_.empty()) << said_;
    return took;
  }

  std::uintmax_t bytes_on_disk() {
    std::uintmax_t all = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path())) all += fs::file_size(entry.path());
    return all;
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "verify.db";
  Diary* diary_;
  std::string said_;
  std::mutex mutex_;
  Log log_{[this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    said_ += std::string(line) + "\n";
  }};
};

TEST_F(StoreEndurance, KilledAtRandomMomentsItLosesNothingThatWasWritten) {
  std::minstd_rand random(20261122);
  const unsigned kills = from_environment("KILLS", 100);
  Ticks::duration longest{};
  unsigned before = 0;
  for (unsigned round = 0; round < kills && !HasFailure(); ++round) {
    const auto last = random() % 1000;
    live_until([&](unsigned put) { return put == last; });
    const unsigned written = diary_->written;
    longest = std::max(longest, expect_all_there(before, written, "kill " + std::to_string(round)));
    before = written;
    diary_->put = written;
  }
  expect_all_there(0, before, "in the end");
  std::printf("%u kills, %u addresses, the longest start took %.3f s\n", kills, before,
              std::chrono::duration<double>(longest).count());
}

TEST_F(StoreEndurance, KilledItHasLostNoYesThatIsOlderThanASecond) {
  live_until([this](unsigned) { return diary_->second_ago > 0; });
  EXPECT_GT(diary_->second_ago, 0U);
  expect_all_there(0, diary_->second_ago, "killed");
  std::printf("%u addresses were older than a second\n", diary_->second_ago.load());
}

TEST_F(StoreEndurance, ADictionaryAttackEvictsNoYesAndStaysWithinBounds) {
  const unsigned attack = from_environment("ATTACK", 30'000), yeses = attack / 100, most = attack / 5;
  auto store = *open_sqlite_store(path_, log_);
  store->clean_up(now, endless(), most);
  for (unsigned i = 0; i < yeses; ++i) {
    store->put("yes" + std::to_string(i) + "@example.org", yes(Seconds(1'000'000)));
    if (i % 10'000 == 0) store->clean_up(now, endless(), most);
  }
  std::uintmax_t largest = 0;
  const std::size_t before = resident();
  std::size_t fattest = before;
  for (unsigned i = 0; i < attack; ++i) {
    store->put("name" + std::to_string(i) + "@example.org", no(Seconds(1000)));
    if (i % 1000 != 0) continue;
    store->clean_up(now, endless(), most);
    ASSERT_LE(store->rows(), most);
    largest = std::max(largest, bytes_on_disk());
    fattest = std::max(fattest, resident());
  }
  store->clean_up(now, endless(), most);
  EXPECT_EQ(store->rows(), most);
  for (unsigned i = 0; i < yeses; ++i)
    ASSERT_TRUE(store->find("yes" + std::to_string(i) + "@example.org")) << "evicted: " << i;
  // A row takes some 200 bytes; the log is begun anew when it has 4 MiB, but may be larger for one
  // transaction.
  EXPECT_LE(largest, most * 300 + 12'000'000);
  // Pages of the file that six connections keep, 2 MiB each, and what waits to be written.
  EXPECT_LE(fattest - before, 16U << 20);
  EXPECT_EQ(said_, "");
  std::printf("%u addresses attacked, %u rows at most, at most %.1f MB on disk and %.1f MB of memory more\n",
              attack, most, static_cast<double>(largest) / 1e6, static_cast<double>(fattest - before) / 1e6);
}

}  // namespace
}  // namespace fallbackmx
