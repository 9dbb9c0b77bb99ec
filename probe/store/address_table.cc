#include "probe/store/address_table.h"

#include <cstdlib>
#include <limits>

#include "probe/mail/address.h"
#include "probe/store/pending_changes.h"
#include "probe/store/verify_schema.h"

namespace fallbackmx {

namespace {

/// A time of the file, if a WallTime can hold it.
std::optional<WallTime> wall_time(std::optional<std::int64_t> count) {
  if (!count || *count < 0 || *count > latest_unix_seconds) return std::nullopt;
  return WallTime(Seconds(*count));
}

/// The columns good, code, dsn, words, asked, last_yes of the current row.
std::optional<AddressRecord> read_record(const SqliteStatement& row) {
  const auto good = row.number(0), code = row.number(1);
  const auto dsn = row.text(2), words = row.text(3);
  const auto asked = wall_time(row.number(4)), last_yes = wall_time(row.number(5));
  if (!good || *good < 0 || *good > 1 || !code || *code < -599 || *code > 599) return std::nullopt;
  if (!dsn || !words || !asked || !last_yes) return std::nullopt;
  return sound({.verdict = *good == 1 ? Verdict::deliverable : Verdict::undeliverable,
                .code = std::abs(static_cast<int>(*code)),
                .dsn = std::string(*dsn),
                .words = std::string(words->substr(0, 1000)),
                .asked = *asked,
                .last_yes = *last_yes,
                .hearsay = *code < 0});
}

/// A key of the file becomes a control recipient, and stands in an SMTP command: only if it is an address of
/// that domain.
bool is_address_of(std::string_view key, std::string_view domain) {
  const auto address = Address::parse(key);
  return address && address->domain() == domain && address->key() == key;
}

}  // namespace

AddressTable::Opened AddressTable::open(const std::string& path) {
  AddressTable table(path);
  std::string why_not;
  if (table.health() != SqliteConnection::Health::good) {
    why_not = table.why();
  } else {
    why_not = table.initialise();
    if (why_not.empty()) why_not = table.prepare();
  }
  if (why_not.empty()) return {.table = std::move(table)};
  auto health = table.health();
  // SQLite was content, we were not: another program's database, or a newer one.
  if (health == SqliteConnection::Health::good) health = SqliteConnection::Health::damaged;
  return {.table = std::nullopt, .health = health, .why_not = why_not};
}

/// Empty, or why the file cannot be used.
std::string AddressTable::initialise() {
  if (!connection_.text("PRAGMA journal_mode = WAL")) return why();
  if (!connection_.execute("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE")) return why();
  if (connection_.read_only()) return "cannot be written";  // BEGIN IMMEDIATE does not mind
  if (auto why_not = adopt_schema(connection_); !why_not.empty()) return why_not;
  if (!connection_.execute("COMMIT")) return why();
  return {};
}

std::string AddressTable::prepare() {
  const auto prepare = [&](std::optional<SqliteStatement>& statement, const char* sql) {
    statement = connection_.prepare(sql);
    return statement.has_value();
  };
  // A name whose hash is that of another address takes its place, unless that is a yes: nobody evicts one.
  const bool all =
      prepare(find_,
              "SELECT good, code, dsn, words, asked, last_yes FROM address WHERE id = ?1 AND key = ?2") &&
      prepare(recent_good_,
              "SELECT key, last_yes FROM address WHERE good = 1 AND domain = ?1 ORDER BY last_yes DESC") &&
      prepare(
          each_,
          "SELECT good, code, dsn, words, asked, last_yes, key, id FROM address WHERE id > ?1 ORDER BY id") &&
      prepare(update_,
              "UPDATE address SET key = ?2, domain = ?3, good = ?4, code = ?5, dsn = ?6, words = ?7, "
              "asked = ?8, last_yes = ?9 WHERE id = ?1 AND (key = ?2 OR good = 0)") &&
      prepare(insert_, "INSERT OR IGNORE INTO address VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") &&
      prepare(erase_, "DELETE FROM address WHERE id = ?1 AND key = ?2") &&
      prepare(erase_noes_,
              "DELETE FROM address WHERE id IN "
              "(SELECT id FROM address WHERE good = 0 AND asked < ?1 ORDER BY asked LIMIT ?2)") &&
      prepare(erase_yeses_,
              "DELETE FROM address WHERE id IN "
              "(SELECT id FROM address WHERE good = 1 AND last_yes < ?1 ORDER BY last_yes LIMIT ?2)") &&
      prepare(put_note_, "INSERT OR REPLACE INTO note VALUES (?1, ?2, ?3)") &&
      prepare(erase_note_, "DELETE FROM note WHERE key = ?1") &&
      prepare(erase_notes_,
              "DELETE FROM note WHERE written < max(?1, coalesce("
              "(SELECT written FROM note ORDER BY written DESC LIMIT 1 OFFSET ?2), 0))");
  return all ? std::string() : why();
}

std::optional<AddressRecord> AddressTable::find(const std::string& key) {
  const SqliteStatement::Rewinding rewinding(*find_);
  if (find_->bind(1, name_hash(key)).bind(2, key).step() != SqliteStatement::Step::row) return std::nullopt;
  return read_record(*find_);
}

std::optional<AddressTable::Good> AddressTable::recent_good(
    std::string_view domain, const std::function<bool(const std::string&)>& acceptable) {
  std::optional<Good> good;
  const SqliteStatement::Rewinding rewinding(*recent_good_);
  recent_good_->bind(1, name_hash(domain));
  while (!good && recent_good_->step() == SqliteStatement::Step::row) {
    const auto key = recent_good_->text(0);
    const auto last_yes = wall_time(recent_good_->number(1));
    if (!key || !last_yes || !is_address_of(*key, domain)) continue;
    if (std::string text(*key); acceptable(text)) good = {std::move(text), *last_yes};
  }
  return good;
}

void AddressTable::each_after(const std::string& key,
                              const std::function<bool(const std::string&, const AddressRecord&)>& visit) {
  std::int64_t last = key.empty() ? -1 : name_hash(key);
  const SqliteStatement::Rewinding rewinding(*each_);
  each_->bind(1, last);
  while (each_->step() == SqliteStatement::Step::row) {
    // In a damaged file, ids may go round in circles.
    const auto id = each_->number(7);
    if (!id || *id <= last) break;
    last = *id;
    const auto name = each_->text(6);
    const auto record = read_record(*each_);
    if (!name || !record || name_hash(*name) != last) continue;
    if (!visit(std::string(*name), *record)) break;
  }
}

std::string AddressTable::look_over() {
  const auto verdict = connection_.text("PRAGMA quick_check(1)");
  if (!verdict) return why();
  return *verdict == "ok" ? std::string() : *verdict;
}

bool AddressTable::begin_reading(const std::atomic<bool>& give_up) {
  connection_.interrupt_when(give_up);
  return connection_.execute("BEGIN; SELECT count(*) FROM sqlite_schema");
}

std::optional<std::size_t> AddressTable::each_id(const std::function<void(std::int64_t)>& visit) {
  std::size_t rows = 0;
  for (const char* sql : {"SELECT id FROM address WHERE good = 0", "SELECT id FROM address WHERE good = 1"}) {
    auto statement = connection_.prepare(sql);
    if (!statement) return std::nullopt;
    auto step = statement->step();
    for (; step == SqliteStatement::Step::row; step = statement->step()) {
      const auto id = statement->number(0);
      if (!id) return std::nullopt;
      visit(*id);
      ++rows;
    }
    if (step == SqliteStatement::Step::failed) return std::nullopt;
  }
  return rows;
}

bool AddressTable::begin() { return connection_.execute("BEGIN IMMEDIATE"); }
bool AddressTable::commit() { return connection_.execute("COMMIT"); }
void AddressTable::roll_back() { connection_.execute("ROLLBACK"); }

std::optional<std::int64_t> AddressTable::put(const std::string& key, const AddressRecord& record) {
  // Update first: it alone tells whether the row is new.
  for (auto* statement : {&*update_, &*insert_}) {
    statement->bind(1, name_hash(key)).bind(2, key).bind(3, name_hash(domain_of_key(key)));
    statement->bind(4, std::int64_t{record.verdict == Verdict::deliverable})
        .bind(5, std::int64_t{record.hearsay ? -record.code : record.code});
    statement->bind(6, record.dsn).bind(7, record.words);
    statement->bind(8, unix_seconds(record.asked)).bind(9, unix_seconds(record.last_yes));
    if (!statement->run()) return std::nullopt;
    if (statement == &*update_ && connection_.changes() > 0) return 0;
  }
  return connection_.changes();
}

std::optional<std::int64_t> AddressTable::erase(const std::string& key) {
  return erased(erase_->bind(1, name_hash(key)).bind(2, key));
}

std::optional<std::int64_t> AddressTable::erase_expired(std::int64_t noes, std::int64_t yeses,
                                                        std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  const auto fewer_noes = erased(erase_noes_->bind(1, noes).bind(2, most));
  if (!fewer_noes) return std::nullopt;
  const auto fewer_yeses = erased(erase_yeses_->bind(1, yeses).bind(2, most));
  if (!fewer_yeses) return std::nullopt;
  return *fewer_noes + *fewer_yeses;
}

std::optional<std::int64_t> AddressTable::erase_oldest(std::size_t count) {
  constexpr auto whenever = std::numeric_limits<std::int64_t>::max();
  const auto fewer_noes = erased(erase_noes_->bind(1, whenever).bind(2, static_cast<std::int64_t>(count)));
  if (!fewer_noes) return std::nullopt;
  const auto left = static_cast<std::int64_t>(count) + *fewer_noes;
  const auto fewer_yeses = erased(erase_yeses_->bind(1, whenever).bind(2, left));
  if (!fewer_yeses) return std::nullopt;
  return *fewer_noes + *fewer_yeses;
}

bool AddressTable::put_note(const std::string& key, const std::string& value, std::int64_t written) {
  return put_note_->bind(1, key).bind(2, value).bind(3, written).run();
}

bool AddressTable::erase_note(const std::string& key) { return erase_note_->bind(1, key).run(); }

bool AddressTable::erase_notes(std::int64_t before, std::size_t most) {
  return erase_notes_->bind(1, before).bind(2, static_cast<std::int64_t>(most)).run();
}

std::vector<Note> AddressTable::notes(std::size_t most) {
  std::vector<Note> notes;
  auto each = connection_.prepare("SELECT key, value, written FROM note ORDER BY written DESC LIMIT ?1");
  if (!each) return notes;
  each->bind(1, static_cast<std::int64_t>(most));
  // In a damaged file an index may go round in circles.
  while (notes.size() < most && each->step() == SqliteStatement::Step::row) {
    const auto key = each->text(0), value = each->text(1);
    const auto written = wall_time(each->number(2));
    if (!key || !value || !written || key->size() > key_limit || value->size() > longest_note) continue;
    notes.push_back({std::string(*key), std::string(*value), *written});
  }
  return notes;
}

std::optional<std::int64_t> AddressTable::erased(SqliteStatement& statement) {
  if (!statement.run()) return std::nullopt;
  return -connection_.changes();
}

}  // namespace fallbackmx
