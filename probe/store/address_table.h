// The rows of the verify database, over one connection to its file.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"
#include "probe/store/record.h"
#include "probe/store/sqlite.h"
#include "probe/store/store.h"

namespace fallbackmx {

/// One thread at a time. What is read has been looked at with care: any byte of the file may be wrong. No
/// call throws; after one that found or did nothing, `health()` tells whether it should have.
class AddressTable {
 public:
  struct Opened;
  /// Opens the file, or makes it.
  static Opened open(const std::string& path);

  std::optional<AddressRecord> find(const std::string& key);

  struct Good {
    std::string key;
    WallTime last_yes;
  };
  /// The most recently accepted address of a domain that `acceptable` likes.
  std::optional<Good> recent_good(std::string_view domain,
                                  const std::function<bool(const std::string&)>& acceptable);

  /// After the row of a key (empty: from the beginning), in the order of their ids, calls `visit` with each
  /// row that can be an address, until that returns false or there are no more.
  void each_after(const std::string& key,
                  const std::function<bool(const std::string&, const AddressRecord&)>& visit);

  /// What is read from now on is the file as it is now, and no call goes on for long once `give_up` is true.
  /// The flag lives as long as the table.
  bool begin_reading(const std::atomic<bool>& give_up);
  /// Calls `visit` with the id of each row; walks over two indexes. Returns how many there are, nothing on
  /// failure.
  std::optional<std::size_t> each_id(const std::function<void(std::int64_t)>& visit);
  /// Empty, or what is wrong with the file. Reads all of it.
  std::string look_over();

  /// A transaction; false when it cannot be begun or ended (then it is rolled back).
  bool begin();
  bool commit();
  void roll_back();
  /// These return by how much the number of rows grew, or nothing on failure.
  std::optional<std::int64_t> put(const std::string& key, const AddressRecord&);
  std::optional<std::int64_t> erase(const std::string& key);
  /// Drops noes given before `noes`, and yeses last heard before `yeses` (seconds since the epoch), the
  /// oldest first and at most `limit` of each.
  std::optional<std::int64_t> erase_expired(std::int64_t noes, std::int64_t yeses, std::size_t limit);
  /// Drops the oldest `count` rows. Noes go first: a dictionary attack never evicts a yes.
  std::optional<std::int64_t> erase_oldest(std::size_t count);

  /// Notes, in the same transactions; they do not count as rows. False, or no note, on failure.
  bool put_note(const std::string& key, const std::string& value, std::int64_t written);
  bool erase_note(const std::string& key);
  /// Drops notes written before that time (seconds since the epoch), and all but the latest `most`.
  bool erase_notes(std::int64_t before, std::size_t most);
  /// The latest ones.
  std::vector<Note> notes(std::size_t most);

  SqliteConnection::Health health() const { return connection_.health(); }
  std::string why() const { return connection_.why(); }

 private:
  explicit AddressTable(const std::string& path) : connection_(path) {}
  std::string initialise();
  std::string prepare();
  std::optional<std::int64_t> erased(SqliteStatement& statement);

  SqliteConnection connection_;  // before its statements: it closes after them
  std::optional<SqliteStatement> find_, recent_good_, each_, update_, insert_, erase_, erase_noes_,
      erase_yeses_, put_note_, erase_note_, erase_notes_;
};

/// A table, or `why_not` and how the file seems to be.
struct AddressTable::Opened {
  std::optional<AddressTable> table;
  SqliteConnection::Health health = SqliteConnection::Health::good;
  std::string why_not{};
};

}  // namespace fallbackmx
