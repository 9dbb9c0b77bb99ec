#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "probe/store/pending_changes.h"
#include "probe/store/store.h"

namespace fallbackmx {

namespace {

// About 100 MB, until clean_up says otherwise.
constexpr std::size_t default_memory_rows = 200'000;
constexpr std::size_t batch = 1000;  // rows dropped, or looked at in a walk, while the lock is held

class MemoryStore final : public Store {
 public:
  std::optional<Known> at_hand(const std::string& key) override { return Known{find(key)}; }

  std::optional<AddressRecord> find(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    return row == rows_.end() ? std::nullopt : std::optional(row->second);
  }

  void put(const std::string& key, const AddressRecord& record) override {
    auto clean = sound(record);
    if (!clean || key.empty() || key.size() > key_limit) return;
    const std::lock_guard lock(mutex_);
    if (const auto old = rows_.find(key); old != rows_.end()) drop(old);
    const auto row = rows_.emplace(key, *std::move(clean)).first;
    try {
      by_age_.insert(age_entry(*row));
      if (is_yes(*row)) good_.insert(good_entry(*row));
    } catch (...) {
      drop(row);  // what is not in its order would never be dropped
      throw;
    }
    if (rows_.size() > max_rows_) drop_oldest();
  }

  void forget(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (const auto row = rows_.find(key); row != rows_.end()) drop(row);
  }

  using Store::recent_good;
  std::optional<std::string> recent_good(std::string_view domain,
                                         const std::set<std::string>& except) override {
    const std::lock_guard lock(mutex_);
    for (auto after = good_.lower_bound({domain, WallTime::max(), {}}); after != good_.begin();) {
      const auto& [its_domain, last_yes, key] = *--after;
      if (its_domain != domain) break;
      if (std::string text(key); !except.contains(text)) return text;
    }
    return std::nullopt;
  }

  void clean_up(WallTime now, const Settings& settings, std::size_t max_rows) override {
    while (drop_batch(now, settings, max_rows)) {
    }
  }

  Page walk(const Walk& walk) override {
    Page page;
    const std::lock_guard lock(mutex_);
    std::size_t left = batch;
    for (auto row = rows_.upper_bound(walk.after); row != rows_.end(); ++row) {
      if (walk.wants(row->first, row->second.verdict)) page.lines.push_back({row->first, row->second});
      if (--left > 0 && page.lines.size() < walk.most_lines()) continue;
      page.next = row->first;
      break;
    }
    return page;
  }

  std::size_t rows() override {
    const std::lock_guard lock(mutex_);
    return rows_.size();
  }

 private:
  using Rows = std::map<std::string, AddressRecord>;
  using AgeEntry = std::tuple<bool, WallTime, std::string_view>;               // yes?, since when, key
  using GoodEntry = std::tuple<std::string_view, WallTime, std::string_view>;  // domain, last yes, key

  static bool is_yes(const Rows::value_type& row) { return row.second.verdict == Verdict::deliverable; }
  static AgeEntry age_entry(const Rows::value_type& row) {
    return {is_yes(row), is_yes(row) ? row.second.last_yes : row.second.asked, row.first};
  }
  static GoodEntry good_entry(const Rows::value_type& row) {
    return {domain_of_key(row.first), row.second.last_yes, row.first};
  }

  void drop(Rows::iterator row) {
    by_age_.erase(age_entry(*row));
    good_.erase(good_entry(*row));
    rows_.erase(row);
  }

  /// The oldest no, or if there is none the oldest yes: a dictionary attack never evicts a yes.
  void drop_oldest() { drop(rows_.find(std::string(std::get<2>(*by_age_.begin())))); }

  /// True when there may be more to drop.
  bool drop_batch(WallTime now, const Settings& settings, std::size_t max_rows) {
    const std::lock_guard lock(mutex_);
    max_rows_ = max_rows;
    std::size_t left = batch;
    // What has expired stands at the front, among the noes and among the yeses.
    for (const bool yes : {false, true}) {
      while (left > 0) {
        const auto oldest = by_age_.lower_bound({yes, WallTime::min(), {}});
        if (oldest == by_age_.end() || std::get<0>(*oldest) != yes) break;
        const auto row = rows_.find(std::string(std::get<2>(*oldest)));
        if (standing(row->second, now, settings).remembered != Remembered::nothing) break;
        drop(row);
        --left;
      }
    }
    while (left > 0 && rows_.size() > max_rows_) {
      drop_oldest();
      --left;
    }
    return left == 0;
  }

  std::mutex mutex_;  ///< guards everything below
  Rows rows_;
  std::set<AgeEntry> by_age_;  ///< string_views point into the keys of rows_
  std::set<GoodEntry> good_;   ///< only yeses
  std::size_t max_rows_ = default_memory_rows;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace fallbackmx
