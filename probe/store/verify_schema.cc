#include "probe/store/verify_schema.h"

#include "probe/store/pending_changes.h"

namespace fallbackmx {

namespace {

constexpr std::int64_t our_application = 0x66626d78;  // "fbmx"
constexpr std::int64_t schema_version = 2;

constexpr const char* whole_schema = R"(
  CREATE TABLE address (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    domain INTEGER NOT NULL,
    good INTEGER NOT NULL CHECK (good IN (0, 1)),
    code INTEGER NOT NULL,
    dsn TEXT NOT NULL,
    words TEXT NOT NULL,
    asked INTEGER NOT NULL,
    last_yes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX address_no ON address (asked) WHERE good = 0;
  CREATE INDEX address_yes ON address (last_yes) WHERE good = 1;
  CREATE INDEX address_domain ON address (domain, last_yes) WHERE good = 1;
  PRAGMA application_id = 0x66626d78;
  PRAGMA user_version = 2;
)";

constexpr const char* note_table = R"(
  CREATE TABLE IF NOT EXISTS note (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    written INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS note_written ON note (written);
)";

constexpr const char* set_old_aside = R"(
  ALTER TABLE address RENAME TO address_1;
  DROP INDEX address_no;
  DROP INDEX address_yes;
  DROP INDEX address_domain;
)";

/// From the names of schema 1 to hashes. A row that cannot be read is left behind; damage is an end.
bool migrate_from_1(SqliteConnection& connection) {
  if (!connection.execute(set_old_aside) || !connection.execute(whole_schema)) return false;
  {
    auto old = connection.prepare("SELECT key, good, code, dsn, words, asked, last_yes FROM address_1");
    auto insert =
        connection.prepare("INSERT OR IGNORE INTO address VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    if (!old || !insert) return false;
    auto step = old->step();
    for (; step == SqliteStatement::Step::row; step = old->step()) {
      const auto key = old->text(0), dsn = old->text(3), words = old->text(4);
      const auto is_good = old->number(1), code = old->number(2), asked = old->number(5),
                 last_yes = old->number(6);
      if (!key || !dsn || !words || !is_good || !code || !asked || !last_yes) continue;
      insert->bind(1, name_hash(*key)).bind(2, *key).bind(3, name_hash(domain_of_key(*key)));
      insert->bind(4, *is_good)
          .bind(5, *code)
          .bind(6, *dsn)
          .bind(7, *words)
          .bind(8, *asked)
          .bind(9, *last_yes);
      if (!insert->run()) return false;
    }
    if (step == SqliteStatement::Step::failed) return false;
  }
  return connection.execute("DROP TABLE address_1");
}

}  // namespace

namespace {

/// Empty, or why there is no table of addresses.
std::string adopt_addresses(SqliteConnection& connection) {
  const auto application = connection.number("PRAGMA application_id");
  const auto version = connection.number("PRAGMA user_version");
  const auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
  if (!application || !version || !tables) return connection.why();
  if (*application == 0 && *version == 0 && *tables == 0)
    return connection.execute(whole_schema) ? std::string() : connection.why();
  if (*application != our_application) return "the database of another program";
  if (*version == schema_version) return {};
  if (*version == 1) return migrate_from_1(connection) ? std::string() : connection.why();
  return "made by a newer version of fallbackmx (schema " + std::to_string(*version) + ")";
}

}  // namespace

std::string adopt_schema(SqliteConnection& connection) {
  if (auto why_not = adopt_addresses(connection); !why_not.empty()) return why_not;
  return connection.execute(note_table) ? std::string() : connection.why();
}

std::int64_t name_hash(std::string_view name) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : name) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  constexpr int bits = 47;  // SQLite stores such a number in six bytes
  return static_cast<std::int64_t>((hash >> bits) ^ (hash & ((std::uint64_t{1} << bits) - 1)));
}

}  // namespace fallbackmx
