#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "probe/base/bloom_filter.h"
#include "probe/base/clock.h"
#include "probe/mail/smtp_reply.h"
#include "probe/store/pending_changes.h"
#include "probe/store/recent_records.h"
#include "probe/store/store.h"
#include "probe/store/verify_file.h"
#include "probe/store/verify_readers.h"
#include "probe/store/verify_schema.h"
#include "probe/store/verify_writer.h"

namespace fallbackmx {

namespace {

/// Between the first change that waits and its transaction: a burst of them costs as much as one.
constexpr auto gathering = std::chrono::milliseconds(20);
constexpr auto quiet_time = std::chrono::minutes(10);
/// What is noted of servers is of use for a day.
constexpr std::chrono::hours least_note_time{24};

std::uint64_t row_of(const std::string& key) { return static_cast<std::uint64_t>(name_hash(key)); }

/// Callers read over a few connections, and wait for a disk that hangs no longer than those do; whatever they
/// change waits in memory, where it is found at once, until the one writer thread has put it into the file.
/// For who was never asked about, as most names of a dictionary attack, nobody reads at all.
class SqliteStore final : public Store {
 public:
  SqliteStore(const std::string& path, VerifyFile file, Log& log)
      : path_(path),
        log_(log),
        readers_(path,
                 [this](const VerifyReaders::Trouble& trouble) {
                   trouble.damaged ? report_damage(trouble.generation, trouble.why)
                                   : void(complain(trouble.why));
                 }),
        writer_(
            path, std::move(file), readers_, log,
            {.opened = [this] { opened(); },
             .seen = [this](std::int64_t id) { rows_known_.add(static_cast<std::uint64_t>(id)); },
             .counted = [this](std::optional<std::size_t> rows) { counted(rows); },
             .damaged = [this](int generation, const std::string& why) { report_damage(generation, why); },
             .left = [this] { left(); },
             .trouble = [this](const std::string& why) { return complain(why); }}) {
    thread_ = std::thread([this] { write_behind(); });
  }

  /// What waits is written.
  ~SqliteStore() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_one();
    thread_.join();
  }

  std::optional<Known> at_hand(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    return known(key);
  }

  std::optional<AddressRecord> find(const std::string& key) override {
    RecentRecords::Moment began = 0;
    {
      const std::lock_guard lock(mutex_);
      if (auto at_hand = known(key)) return std::move(at_hand->record);
      began = recent_.now();
    }
    // What was written between these two steps is in the file by now.
    auto written =
        readers_.read([key](AddressTable& table) -> std::optional<Known> { return Known{table.find(key)}; });
    if (!written) return std::nullopt;
    const std::lock_guard lock(mutex_);
    recent_.learn(key, written->record, began);
    return std::move(written->record);
  }

  void put(const std::string& key, const AddressRecord& record) override {
    if (auto clean = sound(record); clean && !key.empty() && key.size() <= key_limit)
      change(key, std::move(clean));
  }

  void forget(const std::string& key) override { change(key, std::nullopt); }

  using Store::recent_good;
  std::optional<std::string> recent_good(std::string_view domain,
                                         const std::set<std::string>& except) override {
    PendingChanges::OfDomain changed;
    {
      const std::lock_guard lock(mutex_);
      changed = pending_.of_domain(domain, except);
    }
    changed.keys.insert(except.begin(), except.end());
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
                 (seconds - settings.address_verify_positive_expire_time).count(), max_rows,
                 (seconds - std::max<Seconds>(settings.stale_answer_time, least_note_time)).count()};
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

  /// Those that are too many, or that the disk does not take, are lost: whoever wrote them writes them again.
  void note(const std::string& key, std::optional<std::string> value, WallTime now) override {
    if (key.empty() || key.size() > key_limit || (value && value->size() > longest_note)) return;
    std::optional<Note> note;
    if (value) note = {key, *std::move(value), now};
    const std::lock_guard lock(mutex_);
    if (notes_.size() >= most_notes) return;
    if (pending_.empty() && notes_.empty()) work_.notify_one();
    notes_.insert_or_assign(key, std::move(note));
  }

  std::vector<Note> notes(std::size_t most) override {
    return readers_.read_at_leisure(
        [most](AddressTable& table) { return table.notes(std::min(most, most_notes)); });
  }

  std::size_t files_set_aside() const override { return writer_.files_set_aside(); }
  std::size_t rows() override { return writer_.rows(); }

 private:
  /// Without a look into the file. With the lock held.
  std::optional<Known> known(const std::string& key) {
    if (const auto* record = recent_.find(key)) return Known{*record};
    if (const auto* change = pending_.find(key)) return Known{*change};
    if (all_known_ && !rows_known_.may_contain(row_of(key))) return Known{};
    return std::nullopt;
  }

  void change(const std::string& key, std::optional<AddressRecord> to) {
    bool added = false;
    {
      const std::lock_guard lock(mutex_);
      // Of the others it knows. Before there may be no memory for the change.
      if (pending_.empty() && notes_.empty()) work_.notify_one();
      added = pending_.add(key, to);
      if (added && to) rows_known_.add(row_of(key));
      if (added) recent_.set(key, std::move(to));
    }
    if (!added) complain("too slow to write: verdicts are not remembered");
  }

  /// What is known by now of a row that was read a moment ago: it may have been changed since, and the change
  /// may be in the file already.
  std::optional<AddressRecord> latest(const std::string& key, const AddressRecord& row) {
    const std::lock_guard lock(mutex_);
    if (const auto* change = pending_.find(key)) return *change;
    const auto* recent = recent_.find(key);
    return recent ? *recent : row;
  }

  // ---- what the writer and the readers report ----

  void opened() {
    const std::lock_guard lock(mutex_);
    counted_ = false;
  }

  void counted(std::optional<std::size_t> rows) {
    {
      const std::lock_guard lock(mutex_);
      counted_ = true;
      newly_counted_ = static_cast<std::int64_t>(rows.value_or(0));
      all_known_ = rows.has_value();
    }
    work_.notify_one();
  }

  void left() {
    const std::lock_guard lock(mutex_);
    recent_.clear();
    all_known_ = false;
    damage_.clear();
    counted_ = true;  // there is nothing to count
    newly_counted_.reset();
  }

  /// Of a file that we have left already: nothing. The new one shall not be set aside for the old one's
  /// faults.
  void report_damage(int generation, const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      if (generation == writer_.generation()) damage_ = why;
    }
    work_.notify_one();
  }

  /// Once, and then not for a while: trouble with a disk comes with every statement. True when it was said.
  bool complain(const std::string& why) {
    const auto now = clock_.now();
    {
      const std::lock_guard lock(complaints_);
      if (now < quiet_until_) return false;
      quiet_until_ = now + quiet_time;
    }
    log_.error(verify_file_name(path_) + ": " + printable(why, 300));
    return true;
  }

  // ---- the writer thread ----

  void write_behind() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto urgent = [&] {
        return stopping_ || !damage_.empty() || newly_counted_ || (cleaning_ && counted_);
      };
      work_.wait(lock, [&] { return urgent() || !pending_.empty() || !notes_.empty(); });
      work_.wait_for(lock, gathering, urgent);
      if (stopping_ && pending_.empty() && notes_.empty()) break;
      if (newly_counted_) writer_.add_rows(*std::exchange(newly_counted_, std::nullopt));
      const auto& changes = pending_.take();
      const auto notes = std::exchange(notes_, {});
      // How many are too many is known when they are counted.
      std::optional<VerifyWriter::Cleaning> cleaning;
      if (counted_) cleaning = cleaning_;
      const std::string damage = std::exchange(damage_, {});
      lock.unlock();

      const bool clean = writer_.write(changes, notes, cleaning, damage);

      lock.lock();
      // Into a file that proves damaged they were written in vain; the next one shall have them.
      const bool again = !damage_.empty();
      if (again) pending_.give_back();
      auto written = pending_.written();
      if (cleaning && !clean) rows_lost_ = true;
      if (cleaning && clean && !again) {
        // What was dropped must not be known any longer; what was not costs a read of the file each.
        if (std::exchange(rows_lost_, false)) recent_.clear();
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

  const std::string path_;
  Log& log_;
  const SystemClock clock_;  // for complaints

  std::mutex mutex_;  ///< guards what follows, briefly
  std::condition_variable work_, cleaned_;
  PendingChanges pending_;
  VerifyWriter::Notes notes_;  ///< to be written
  RecentRecords recent_;
  BloomFilter rows_known_;  ///< rows that are in the file, or were, or wait
  bool all_known_ = false;  ///< whoever is not in it has no record
  std::optional<VerifyWriter::Cleaning> cleaning_;
  bool rows_lost_ = false;                     ///< since cleaning began
  std::string damage_;                         ///< what is wrong with the file
  bool counted_ = false;                       ///< how many rows there are is known
  std::optional<std::int64_t> newly_counted_;  ///< rows at the beginning of the inspection
  bool stopping_ = false;

  std::mutex complaints_;
  SteadyTime quiet_until_{};  ///< guarded by complaints_

  std::mutex cleaners_;    ///< held while somebody waits for clean_up
  VerifyReaders readers_;  ///< its threads, and the writer, use what stands above
  VerifyWriter writer_;
  std::thread thread_;
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
