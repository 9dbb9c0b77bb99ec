#include "probe/store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>

namespace fallbackmx {

void SqliteStatement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

SqliteStatement& SqliteStatement::bind(int index, std::string_view text) {
  // Keys and words are bounded long before they come here. A null pointer would be NULL.
  sqlite3_bind_text(handle_.get(), index, text.data() == nullptr ? "" : text.data(),
                    static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::int64_t number) {
  sqlite3_bind_int64(handle_.get(), index, number);
  return *this;
}

SqliteStatement::Step SqliteStatement::step() {
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return Step::row;
    case SQLITE_DONE:
      return Step::done;
    default:
      return Step::failed;
  }
}

bool SqliteStatement::run() {
  const bool done = step() == Step::done;
  rewind();
  return done;
}

std::optional<std::int64_t> SqliteStatement::number(int column) const {
  if (sqlite3_column_type(handle_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::string_view> SqliteStatement::text(int column) const {
  if (sqlite3_column_type(handle_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (bytes == nullptr) return std::nullopt;
  return std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

void SqliteStatement::rewind() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
}

void SqliteConnection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

// No mutex of SQLite's: a connection belongs to one thread at a time.
SqliteConnection::SqliteConnection(const std::string& path) {
  sqlite3* handle = nullptr;
  sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                  nullptr);
  handle_.reset(handle);
  if (health() != Health::good) return;
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 1000);
  // The file may have been tampered with: its schema must not run anything, and a cut file must not become
  // SIGBUS.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  execute("PRAGMA mmap_size = 0");
  execute("PRAGMA cell_size_check = ON");
}

SqliteConnection::Health SqliteConnection::health() const {
  if (!handle_) return Health::trouble;
  switch (sqlite3_errcode(handle_.get()) & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Health::good;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:  // no such table, no such column
    case SQLITE_SCHEMA:
      return Health::damaged;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Health::unusable;
    case SQLITE_CANTOPEN: {
      // Not when descriptors have run out, or when there is no such directory.
      const int reason = sqlite3_system_errno(handle_.get());
      return reason == EACCES || reason == EPERM || reason == EISDIR ? Health::unusable : Health::trouble;
    }
    default:
      return Health::trouble;
  }
}

std::string SqliteConnection::why() const {
  if (!handle_) return "out of memory";
  return std::string(sqlite3_errmsg(handle_.get())) + " (SQLite " +
         std::to_string(sqlite3_extended_errcode(handle_.get())) + ')';
}

bool SqliteConnection::read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }

void SqliteConnection::interrupt_when(const std::atomic<bool>& stop) {
  constexpr int instructions = 1000;
  const auto stopped = [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; };
  sqlite3_progress_handler(handle_.get(), instructions, stopped, const_cast<std::atomic<bool>*>(&stop));
}

bool SqliteConnection::execute(const char* sql) {
  return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::optional<SqliteStatement> SqliteConnection::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return std::nullopt;
  }
  return SqliteStatement(statement);
}

std::optional<std::int64_t> SqliteConnection::number(const char* sql) {
  auto statement = prepare(sql);
  if (!statement || statement->step() != SqliteStatement::Step::row) return std::nullopt;
  return statement->number(0);
}

std::optional<std::string> SqliteConnection::text(const char* sql) {
  auto statement = prepare(sql);
  if (!statement || statement->step() != SqliteStatement::Step::row) return std::nullopt;
  const auto text = statement->text(0);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::int64_t SqliteConnection::changes() const { return sqlite3_changes64(handle_.get()); }

}  // namespace fallbackmx
