#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <limits>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "probe/address_table.h"
#include "probe/clock.h"
#include "probe/smtp_reply.h"
#include "probe/store.h"

namespace fallbackmx {

namespace {

using Health = SqliteConnection::Health;

constexpr std::size_t kDefaultRows = 1'000'000;  // about 200 MB, until clean_up says otherwise
constexpr std::size_t kKeyLimit = 512;
constexpr std::size_t kWaitingLimit = 50'000;  // a disk that slow shall not eat our memory
constexpr std::size_t kCleaningBatch = 500;
constexpr int kSetAsideLimit =
    3;  // in one life of the process: a bad disk shall not be filled with broken files
constexpr auto kQuietTime = std::chrono::minutes(10);

std::string quoted(const std::string& path) { return "verify database " + printable(path, 300); }

/// Renames the file and its companions. The write-ahead log goes first: it must never be found beside another
/// database.
Result<std::string> set_aside(const std::string& path) {
  namespace fs = std::filesystem;
  const std::time_t now = std::chrono::system_clock::to_time_t(SystemClock().wall());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), ".broken-%Y%m%dT%H%M%SZ", &parts);
  auto broken = path + stamp.data();
  std::error_code error;
  for (int n = 2; fs::exists(broken, error) && n < 100; ++n)
    broken = path + stamp.data() + '-' + std::to_string(n);
  for (const auto* suffix : {"-wal", "-shm", "-journal", ""}) {
    fs::rename(path + suffix, broken + suffix, error);
    if (error && error != std::errc::no_such_file_or_directory) {
      return Error{printable(path + suffix, 300) + " cannot be set aside: " + error.message()};
    }
  }
  return broken;
}

/// Opens a healthy file, after setting aside an unhealthy one if there is one.
Result<AddressTable> open_or_begin_anew(const std::string& path, Log& log) {
  auto opened = AddressTable::open(path);
  if (opened.table) {
    opened.why_not = opened.table->look_over();
    if (opened.why_not.empty()) return *std::move(opened.table);
    opened.table.reset();
    opened.health = Health::damaged;
  }
  const auto why_not = quoted(path) + ": " + printable(opened.why_not, 300);
  if (opened.health != Health::damaged && opened.health != Health::unusable) return Error{why_not};
  const auto broken = set_aside(path);
  if (!broken) return Error{why_not + "; " + broken.error()};
  log.warning(why_not + "; set aside as " + printable(*broken, 300) + ", a new one is begun");
  opened = AddressTable::open(path);
  if (!opened.table) return Error{quoted(path) + ": " + printable(opened.why_not, 300)};
  return *std::move(opened.table);
}

/// Which file a path leads to.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  static Identity of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
  }
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Callers read over a few connections of their own; whatever they change waits in memory, where it is found
/// at once, until the one writer thread has put it into the file.
class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, AddressTable table, Log& log) : path_(std::move(path)), log_(log) {
    adopt(std::move(table));
    writer_ = std::thread([this] { write_behind(); });
  }

  /// What waits is written.
  ~SqliteStore() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_one();
    writer_.join();
  }

  std::optional<AddressRecord> find(const std::string& key) override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto* changes : {&waiting_, &writing_}) {
        if (const auto change = changes->find(key); change != changes->end()) return change->second;
      }
    }
    // What was written between these two steps is in the file by now.
    return read([&](AddressTable& table) { return table.find(key); });
  }

  void put(const std::string& key, const AddressRecord& record) override {
    if (auto clean = sound(record); clean && !key.empty() && key.size() <= kKeyLimit)
      change(key, std::move(clean));
  }

  void forget(const std::string& key) override { change(key, std::nullopt); }

  std::optional<std::string> recent_good(std::string_view domain) override {
    std::optional<AddressTable::Good> best;
    std::unordered_set<std::string> changed;
    {
      const std::lock_guard lock(mutex_);
      for (const auto* changes : {&waiting_, &writing_}) {
        for (const auto& [key, record] : *changes) {
          if (domain_of_key(key) != domain || !changed.insert(key).second) continue;
          if (!record || record->verdict != Verdict::deliverable) continue;
          if (!best || record->last_yes > best->last_yes) best = {key, record->last_yes};
        }
      }
    }
    const auto written = read([&](AddressTable& table) {
      return table.recent_good(domain, [&](const std::string& key) { return !changed.contains(key); });
    });
    if (written && (!best || written->last_yes > best->last_yes)) best = written;
    return best ? std::optional(best->key) : std::nullopt;
  }

  void clean_up(WallTime now, const Settings& settings, std::size_t max_rows) override {
    const auto seconds = std::chrono::floor<Seconds>(now).time_since_epoch();
    const std::lock_guard one_at_a_time(cleaners_);
    std::unique_lock lock(mutex_);
    cleaning_ = {(seconds - settings.address_verify_negative_expire_time).count(),
                 (seconds - settings.address_verify_positive_expire_time).count(), max_rows};
    work_.notify_one();
    cleaned_.wait(lock, [&] { return !cleaning_; });
  }

  std::size_t rows() override { return rows_; }

 private:
  /// By key; nothing means forget.
  using Changes = std::unordered_map<std::string, std::optional<AddressRecord>>;

  struct Cleaning {
    std::int64_t noes_before = 0, yeses_before = 0;  // seconds since the epoch
    std::size_t max_rows = 0;
  };

  struct Reader {
    std::mutex mutex;
    std::optional<AddressTable> table;
  };

  void change(const std::string& key, std::optional<AddressRecord> to) {
    bool full = false;
    {
      const std::lock_guard lock(mutex_);
      full = waiting_.size() >= kWaitingLimit && !waiting_.contains(key);
      if (!full) waiting_.insert_or_assign(key, std::move(to));
    }
    if (full) return complain("too slow to write: verdicts are not remembered");
    work_.notify_one();
  }

  /// Runs `query` on a connection that nobody uses just now.
  template <class Query>
  std::invoke_result_t<Query, AddressTable&> read(Query query) {
    auto& own = readers_[std::hash<std::thread::id>()(std::this_thread::get_id()) % readers_.size()];
    std::unique_lock lock(own.mutex, std::try_to_lock);
    auto* reader = &own;
    for (auto other = readers_.begin(); !lock && other != readers_.end(); ++other) {
      lock = std::unique_lock(other->mutex, std::try_to_lock);
      if (lock) reader = &*other;
    }
    if (!lock) lock = std::unique_lock(own.mutex);

    if (!reader->table) return {};
    auto answer = query(*reader->table);
    if (reader->table->health() == Health::good) return answer;
    const auto why = reader->table->why();
    const bool damaged = reader->table->health() == Health::damaged;
    lock.unlock();
    if (damaged) report_damage();
    complain(why);
    return {};
  }

  void report_damage() {
    {
      const std::lock_guard lock(mutex_);
      damaged_ = true;
    }
    work_.notify_one();
  }

  // ---- the writer thread ----

  void write_behind() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || damaged_ || cleaning_ || !waiting_.empty(); });
      if (stopping_ && waiting_.empty()) break;
      writing_.swap(waiting_);
      const auto cleaning = cleaning_;
      const bool damaged = std::exchange(damaged_, false);
      lock.unlock();

      look_after_file(damaged);
      const bool clean = write(cleaning);

      Changes written;
      lock.lock();
      written.swap(writing_);
      if (cleaning && clean) {
        cleaning_.reset();
        cleaned_.notify_all();
      }
      lock.unlock();
      written.clear();  // not under the lock: it may be large
      lock.lock();
    }
    cleaning_.reset();
    cleaned_.notify_all();
  }

  /// Writes what waits, and takes one step of cleaning up. True when nothing is left to clean.
  bool write(const std::optional<Cleaning>& cleaning) {
    if (cleaning) max_rows_ = cleaning->max_rows;
    if (!table_) return true;
    if (table_->begin()) {
      std::int64_t grown = 0;
      std::int64_t dropped = 0;
      bool fine = write_changes(grown);
      if (fine && cleaning) fine = drop_expired(*cleaning, dropped);
      if (fine) fine = drop_excess(static_cast<std::int64_t>(rows_) + grown + dropped, grown);
      if (fine && table_->commit()) {
        rows_ = static_cast<std::size_t>(
            std::max<std::int64_t>(0, static_cast<std::int64_t>(rows_) + grown + dropped));
        return dropped == 0;
      }
    }
    const auto why = table_->why();
    const bool damaged = table_->health() == Health::damaged;
    table_->roll_back();
    if (damaged) report_damage();
    complain(why);
    return true;
  }

  bool write_changes(std::int64_t& grown) {
    return std::all_of(writing_.begin(), writing_.end(), [&](const auto& change) {
      const auto& [key, record] = change;
      const auto growth = record ? table_->put(key, *record) : table_->erase(key);
      grown += growth.value_or(0);
      return growth.has_value();
    });
  }

  bool drop_expired(const Cleaning& cleaning, std::int64_t& dropped) {
    const auto noes = table_->erase_noes(cleaning.noes_before, kCleaningBatch);
    const auto yeses = table_->erase_yeses(cleaning.yeses_before, kCleaningBatch);
    dropped += noes.value_or(0) + yeses.value_or(0);
    return noes && yeses;
  }

  /// Noes go first: a dictionary attack never evicts a yes.
  bool drop_excess(std::int64_t rows, std::int64_t& grown) {
    constexpr auto whenever = std::numeric_limits<std::int64_t>::max();
    const auto excess = rows - static_cast<std::int64_t>(max_rows_);
    if (excess <= 0) return true;
    const auto noes = table_->erase_noes(whenever, static_cast<std::size_t>(excess));
    if (!noes) return false;
    grown += *noes;
    if (excess + *noes <= 0) return true;
    const auto yeses = table_->erase_yeses(whenever, static_cast<std::size_t>(excess + *noes));
    grown += yeses.value_or(0);
    return yeses.has_value();
  }

  /// Begins anew when the file was damaged, removed or replaced, or could not be opened the last time.
  void look_after_file(bool damaged) {
    const bool moved = Identity::of(path_) != identity_;
    if (table_ && !damaged && !moved) return;
    if (set_aside_ >= kSetAsideLimit) return;
    if (table_ && moved) log_.warning(quoted(path_) + ": removed or replaced while in use");
    release();
    if (damaged) ++set_aside_;
    if (damaged && set_aside_ == kSetAsideLimit) {
      return log_.error(quoted(path_) +
                        ": damaged again and again, nothing is remembered until the next start");
    }
    auto table = open_or_begin_anew(path_, log_);
    if (!table) return complain(table.error());
    adopt(*std::move(table));
  }

  void release() {
    table_.reset();
    for (auto& reader : readers_) {
      const std::lock_guard lock(reader.mutex);
      reader.table.reset();
    }
    rows_ = 0;
  }

  void adopt(AddressTable table) {
    table_ = std::move(table);
    identity_ = Identity::of(path_);
    rows_ = table_->count();
    for (auto& reader : readers_) {
      auto opened = AddressTable::open(path_);
      if (!opened.table) complain(opened.why_not);
      const std::lock_guard lock(reader.mutex);
      reader.table = std::move(opened.table);
    }
  }

  /// Once, and then not for a while: trouble with a disk comes with every statement.
  void complain(const std::string& why) {
    const auto now = SystemClock().now();
    {
      const std::lock_guard lock(complaints_);
      if (now < quiet_until_) return;
      quiet_until_ = now + kQuietTime;
    }
    log_.error(quoted(path_) + ": " + printable(why, 300));
  }

  const std::string path_;
  Log& log_;

  std::mutex mutex_;  ///< guards what follows, briefly
  std::condition_variable work_, cleaned_;
  Changes waiting_;  ///< not yet taken by the writer
  Changes
      writing_;  ///< changed under the lock only, and only by the writer, which may therefore read it without
  std::optional<Cleaning> cleaning_;
  bool damaged_ = false;
  bool stopping_ = false;

  std::mutex cleaners_;  ///< held while somebody waits for clean_up
  std::array<Reader, 4> readers_;
  std::atomic<std::size_t> rows_ = 0;

  std::mutex complaints_;
  SteadyTime quiet_until_{};

  // The writer's own.
  std::optional<AddressTable> table_;
  Identity identity_;
  std::size_t max_rows_ = kDefaultRows;
  int set_aside_ = 0;

  std::thread writer_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Log& log) {
  if (path.empty() || path.front() == ':' || path.find('\0') != std::string::npos) {
    return Error{"verify database \"" + printable(path, 300) + "\": not a path"};
  }
  auto table = open_or_begin_anew(path, log);
  if (!table) return Error{table.error()};
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(path, *std::move(table), log));
}

}  // namespace fallbackmx
