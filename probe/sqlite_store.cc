#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "probe/address_table.h"
#include "probe/clock.h"
#include "probe/inspection.h"
#include "probe/pending_changes.h"
#include "probe/smtp_reply.h"
#include "probe/store.h"
#include "probe/verify_file.h"
#include "probe/verify_readers.h"

namespace fallbackmx {

namespace {

using Health = SqliteConnection::Health;

constexpr std::size_t default_rows = 1'000'000;  // about 200 MB, until clean_up says otherwise
constexpr std::size_t key_limit = 512;
constexpr std::size_t cleaning_batch = 500;
constexpr int set_aside_limit =
    3;  // in one life of the process: a bad disk shall not be filled with broken files
/// Between the first change that waits and its transaction: a burst of them costs as much as one.
constexpr auto gathering = std::chrono::milliseconds(20);
constexpr auto quiet_time = std::chrono::minutes(10);

/// Callers read over a few connections, and wait for a disk that hangs no longer than those do; whatever they
/// change waits in memory, where it is found at once, until the one writer thread has put it into the file.
class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, VerifyFile file, Log& log)
      : path_(std::move(path)), log_(log), readers_(path_, [this](const VerifyReaders::Trouble& trouble) {
          trouble.damaged ? report_damage(trouble.generation, trouble.why) : complain(trouble.why);
        }) {
    adopt(std::move(file));
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
      if (const auto* change = pending_.find(key)) return *change;
    }
    // What was written between these two steps is in the file by now.
    return readers_.read([key](AddressTable& table) { return table.find(key); });
  }

  void put(const std::string& key, const AddressRecord& record) override {
    if (auto clean = sound(record); clean && !key.empty() && key.size() <= key_limit)
      change(key, std::move(clean));
  }

  void forget(const std::string& key) override { change(key, std::nullopt); }

  std::optional<std::string> recent_good(std::string_view domain) override {
    PendingChanges::OfDomain changed;
    {
      const std::lock_guard lock(mutex_);
      changed = pending_.of_domain(domain);
    }
    const auto written =
        readers_.read([domain = std::string(domain), keys = changed.keys](AddressTable& table) {
          return table.recent_good(domain, [&](const std::string& key) { return !keys.contains(key); });
        });
    if (written && (changed.best.empty() || written->last_yes > changed.last_yes)) return written->key;
    return changed.best.empty() ? std::nullopt : std::optional(changed.best);
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

  Page walk(const Walk& walk) override {
    constexpr std::size_t most_rows = 10'000;  // looked at for one page
    Page page;
    std::size_t left = most_rows;
    readers_.read_at_leisure([&](AddressTable& table) {
      table.each_after(walk.after, [&](const std::string& key, const AddressRecord& record) {
        const auto current = latest(key, record);
        if (current && walk.wants(key, current->verdict)) page.lines.push_back({key, *current});
        if (--left > 0 && page.lines.size() < walk.most_lines()) return true;
        page.next = key;
        return false;
      });
      return true;
    });
    return page;
  }

  std::size_t files_set_aside() const override { return files_set_aside_; }
  std::size_t rows() override { return static_cast<std::size_t>(std::max<std::int64_t>(0, rows_)); }

 private:
  struct Cleaning {
    std::int64_t noes_before = 0, yeses_before = 0;  // seconds since the epoch
    std::size_t max_rows = 0;
  };

  void change(const std::string& key, std::optional<AddressRecord> to) {
    bool first = false, added = false;
    {
      const std::lock_guard lock(mutex_);
      first = pending_.empty();
      added = pending_.add(key, std::move(to));
    }
    if (!added) return complain("too slow to write: verdicts are not remembered");
    if (first) work_.notify_one();  // of the others the writer knows
  }

  /// What is known by now of what the file says.
  std::optional<AddressRecord> latest(const std::string& key, const AddressRecord& written) {
    const std::lock_guard lock(mutex_);
    const auto* change = pending_.find(key);
    return change ? *change : written;
  }

  void counted(std::size_t rows) {
    {
      const std::lock_guard lock(mutex_);
      counted_ = true;
      newly_counted_ = static_cast<std::int64_t>(rows);
    }
    work_.notify_one();
  }

  /// Of a file that we have left already: nothing. The new one shall not be set aside for the old one's
  /// faults.
  void report_damage(int generation, const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      if (generation == generation_) damage_ = why;
    }
    work_.notify_one();
  }

  // ---- the writer thread ----

  void write_behind() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto urgent = [&] {
        return stopping_ || !damage_.empty() || newly_counted_ || (cleaning_ && counted_);
      };
      work_.wait(lock, [&] { return urgent() || !pending_.empty(); });
      work_.wait_for(lock, gathering, urgent);
      if (stopping_ && pending_.empty()) break;
      if (newly_counted_) rows_ += *std::exchange(newly_counted_, std::nullopt);
      const auto& changes = pending_.take();
      // How many are too many is known when they are counted.
      std::optional<Cleaning> cleaning;
      if (counted_) cleaning = cleaning_;
      const std::string damage = std::exchange(damage_, {});
      lock.unlock();

      const bool clean = write_somehow(changes, cleaning, damage);

      lock.lock();
      // Into a file that proves damaged they were written in vain; the next one shall have them.
      const bool again = !damage_.empty();
      if (again) pending_.give_back();
      auto written = pending_.written();
      if (cleaning && clean && !again) {
        cleaning_.reset();
        cleaned_.notify_all();
      }
      lock.unlock();
      written.clear();
      lock.lock();
    }
    cleaning_.reset();
    cleaned_.notify_all();
  }

  /// The same as write(); whatever there is no memory or no thread for is lost, and the next change is
  /// written again.
  bool write_somehow(const PendingChanges::Changes& changes, const std::optional<Cleaning>& cleaning,
                     const std::string& damage) {
    std::string_view why;
    try {
      look_after_file(damage);
      return write(changes, cleaning);
    } catch (const std::bad_alloc&) {
      why = "out of memory";
    } catch (const std::exception&) {
      why = "out of threads";
    }
    if (table_) table_->roll_back();
    try {
      complain(std::string(why));
    } catch (const std::exception&) {  // no memory to say it with
    }
    return true;
  }

  /// Writes what waits, and takes one step of cleaning up. True when nothing is left to clean.
  bool write(const PendingChanges::Changes& changes, const std::optional<Cleaning>& cleaning) {
    if (cleaning) max_rows_ = cleaning->max_rows;
    if (!table_) return true;
    std::int64_t rows = rows_;
    std::int64_t dropped = 0;
    if (table_->begin() && write_changes(changes, rows) && drop_expired(cleaning, dropped) &&
        drop_excess(rows, changes.size(), dropped) && table_->commit()) {
      rows_ = rows + dropped;
      return dropped == 0;
    }
    const auto why = table_->why();
    const bool damaged = table_->health() == Health::damaged;
    table_->roll_back();
    damaged ? report_damage(generation_, why) : complain(why);
    return true;
  }

  // These return false on failure, and count up or down by how many rows there are more or fewer.

  bool write_changes(const PendingChanges::Changes& changes, std::int64_t& rows) {
    return std::all_of(changes.begin(), changes.end(), [&](const auto& change) {
      const auto& [key, record] = change;
      const auto growth = record ? table_->put(key, *record) : table_->erase(key);
      rows += growth.value_or(0);
      return growth.has_value();
    });
  }

  bool drop_expired(const std::optional<Cleaning>& cleaning, std::int64_t& dropped) {
    if (!cleaning) return true;
    const auto growth = table_->erase_expired(cleaning->noes_before, cleaning->yeses_before, cleaning_batch);
    dropped += growth.value_or(0);
    return growth.has_value();
  }

  /// More go than come, but not all at once.
  bool drop_excess(std::int64_t rows, std::size_t just_written, std::int64_t& dropped) {
    const auto excess = rows + dropped - static_cast<std::int64_t>(max_rows_);
    if (excess <= 0) return true;
    const auto growth =
        table_->erase_oldest(std::min(static_cast<std::size_t>(excess), just_written + cleaning_batch));
    dropped += growth.value_or(0);
    return growth.has_value();
  }

  /// Begins anew when the file was damaged, removed or replaced, or could not be opened the last time.
  void look_after_file(const std::string& damage) {
    const bool moved = FileIdentity::of(path_) != identity_;
    if (table_ && damage.empty() && !moved) return readers_.open(generation_);
    if (set_aside_ >= set_aside_limit) return;
    if (table_ && moved) log_.warning(verify_file_name(path_) + ": removed or replaced while in use");
    release();
    const bool damaged = !damage.empty() && !moved;
    if (damaged && ++set_aside_ == set_aside_limit) {
      log_.error(verify_file_name(path_) + ": " + printable(damage, 300) +
                 "; damaged again and again, nothing is remembered until the next start");
      return;
    }
    auto file =
        damaged ? replace_verify_file(path_, damage, clock_, log_) : open_verify_file(path_, clock_, log_);
    if (!file) return complain(file.error());
    adopt(*std::move(file));
  }

  void release() {
    inspection_.reset();
    table_.reset();
    readers_.close();
    rows_ = 0;
    const std::lock_guard lock(mutex_);
    ++generation_;
    damage_.clear();
    counted_ = true;  // there is nothing to count
    newly_counted_.reset();
  }

  void adopt(VerifyFile file) {
    if (file.set_aside) ++files_set_aside_;
    table_ = std::move(file.table);
    identity_ = FileIdentity::of(path_);
    readers_.open(generation_);
    inspect();
  }

  void inspect() {
    {
      const std::lock_guard lock(mutex_);
      counted_ = false;
    }
    auto opened = AddressTable::open(path_);
    try {
      if (opened.table) {
        inspection_.emplace(
            *std::move(opened.table), [this](std::size_t rows) { counted(rows); },
            [this, of = generation_](const std::string& why) { report_damage(of, why); });
        return;
      }
      complain(opened.why_not);
    } catch (const std::system_error& trouble) {
      complain(trouble.what());
    }
    counted(table_->count());
  }

  /// Once, and then not for a while: trouble with a disk comes with every statement.
  void complain(const std::string& why) {
    const auto now = clock_.now();
    {
      const std::lock_guard lock(complaints_);
      if (now < quiet_until_) return;
      quiet_until_ = now + quiet_time;
    }
    log_.error(verify_file_name(path_) + ": " + printable(why, 300));
  }

  const std::string path_;
  Log& log_;
  SystemClock
      clock_;  // for complaints and file names only: what counts as expired is told by clean_up's caller

  std::mutex mutex_;  ///< guards what follows, briefly
  std::condition_variable work_, cleaned_;
  PendingChanges pending_;
  std::optional<Cleaning> cleaning_;
  int generation_ = 0;  ///< of the file; changed by the writer only
  std::string damage_;  ///< what is wrong with the file
  bool counted_ = false;
  std::optional<std::int64_t> newly_counted_;  ///< rows at the beginning of the inspection
  bool stopping_ = false;

  std::mutex complaints_;
  SteadyTime quiet_until_{};  ///< guarded by complaints_

  std::mutex cleaners_;    ///< held while somebody waits for clean_up
  VerifyReaders readers_;  ///< its threads use what stands above
  /// Until they are counted: by how much those of the file have grown.
  std::atomic<std::int64_t> rows_ = 0;
  std::atomic<std::size_t> files_set_aside_ = 0;

  // The writer's own.
  std::optional<AddressTable> table_;
  std::optional<Inspection> inspection_;
  FileIdentity identity_;
  std::size_t max_rows_ = default_rows;
  int set_aside_ = 0;

  std::thread writer_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Log& log) {
  if (path.empty() || path.front() == ':' || path.find('\0') != std::string::npos) {
    return Error{"verify database \"" + printable(path, 300) + "\": not a path"};
  }
  auto file = open_verify_file(path, SystemClock(), log);
  if (!file) return Error{file.error()};
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(path, *std::move(file), log));
}

}  // namespace fallbackmx
