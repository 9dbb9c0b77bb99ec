// SQLite's handles, wrapped: the only place that knows its API.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fallbackmx {

/// A prepared statement; it must not outlive its connection. One thread at a time.
class SqliteStatement {
 public:
  enum class Step { row, done, failed };

  SqliteStatement& bind(int index, std::string_view text);  ///< `text` must live until rewind()
  SqliteStatement& bind(int index, std::int64_t number);
  Step step();
  /// True when it ran to its end.
  bool run();
  /// Of the current row; nothing when the column holds another type.
  std::optional<std::int64_t> number(int column) const;
  std::optional<std::string_view> text(int column) const;  ///< lives until the next step() or rewind()
  /// Ready for the next use; ends a read transaction. Call it as soon as the rows are read.
  void rewind();
  /// Rewinds at the end of a block, however that comes: a statement that is left in the middle of its rows
  /// can never be used again.
  class Rewinding {
   public:
    explicit Rewinding(SqliteStatement& statement) : statement_(statement) {}
    ~Rewinding() { statement_.rewind(); }
    Rewinding(const Rewinding&) = delete;
    Rewinding& operator=(const Rewinding&) = delete;

   private:
    SqliteStatement& statement_;
  };

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt*) const;
  };
  explicit SqliteStatement(sqlite3_stmt* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One connection to one file. One thread at a time.
class SqliteConnection {
 public:
  /// Creates the file if there is none. SQLite looks into it only at the first statement. The connection is
  /// there even when opening failed, to say why.
  explicit SqliteConnection(const std::string& path);

  /// What the last call came to.
  enum class Health {
    good,      ///< it worked
    damaged,   ///< not a database, corrupted, or with other tables than ours
    unusable,  ///< we may not read or write it
    trouble,   ///< disk full, locked, out of descriptors and the like: may pass
  };
  Health health() const;
  std::string why() const;  ///< "database disk image is malformed (SQLite 11)"

  /// True when nothing can be written; known once a statement has run.
  bool read_only() const;

  /// From now on, statements fail soon after `stop` has become true, which lives as long as the connection.
  void interrupt_when(const std::atomic<bool>& stop);

  bool execute(const char* sql);
  /// The statement is empty when it could not be prepared.
  std::optional<SqliteStatement> prepare(const char* sql);
  /// First column of the first row; nothing when there is none or it is of another type.
  std::optional<std::int64_t> number(const char* sql);
  std::optional<std::string> text(const char* sql);
  /// Rows changed by the last INSERT, UPDATE or DELETE.
  std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3*) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace fallbackmx
