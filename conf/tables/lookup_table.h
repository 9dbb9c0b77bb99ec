// Lookup tables in all the forms in which Postfix's users have them: asked by key, and read only once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// `key value`, as it stands in a table.
struct LookupRow {
  std::string key;           ///< in lower case in a table of exact keys; else the pattern as written
  std::string text;          ///< what a lookup gives; with `substitutes`, before anything is put in
  std::string where;         ///< `/file:12`, or the name of a table that is in no file
  bool substitutes = false;  ///< `$1` and its like are replaced by what the pattern matched
};

/// Longer ones are not read.
inline constexpr std::size_t table_file_limit = 64 << 20;

/// Never changed after it was opened; used by all threads. A lookup touches neither disk nor network, and is
/// bounded in time.
class LookupTable {
 public:
  virtual ~LookupTable() = default;
  LookupTable(const LookupTable&) = delete;
  LookupTable& operator=(const LookupTable&) = delete;

  /// `type:name`, one table. The types:
  ///  * `hash:`, `btree:`, `lmdb:`, `cdb:`, `dbm:`, `texthash:` with a file: the text of it is read (a
  ///  database
  ///    that postmap(1) made is not);
  ///  * `cidr:`, `regexp:`, `pcre:` with a file: patterns, the first that matches counts; `if`, `endif`, `!`
  ///    (cidr_table(5), regexp_table(5), pcre_table(5));
  ///  * `inline:{ key=value, { key = text with blanks } }`; `static:value`, `static:{ text with blanks }`;
  ///  * `proxy:` before any of them means nothing here.
  /// Any other type is an error that says what to do instead. The first mistake is the error, with file and
  /// line.
  static Result<std::shared_ptr<const LookupTable>> open(std::string_view type_and_name);

  struct Match {
    std::size_t row = 0;  ///< of rows()
    std::string text;
  };
  /// Case does not matter. Patterns are only asked about a whole key, never about parts of it (a parent
  /// domain, the address without its extension): then `whole` is false.
  virtual std::optional<Match> find(std::string_view key, bool whole) const = 0;

  /// In order of the file.
  const std::vector<LookupRow>& rows() const { return rows_; }
  /// The keys of rows() are all that there is to find. Not so with patterns and static:.
  virtual bool enumerable() const { return false; }
  /// As it was written.
  const std::string& name() const { return name_; }

 protected:
  LookupTable(std::string_view name, std::vector<LookupRow> rows) : name_(name), rows_(std::move(rows)) {}

 private:
  std::string name_;
  std::vector<LookupRow> rows_;
};

/// Several tables in a row, as in `virtual_alias_maps = hash:/a, regexp:/b`: the first that knows a key
/// counts. A value.
class LookupTables {
 public:
  static Result<LookupTables> open(std::string_view list);
  std::optional<std::string> find(std::string_view key, bool whole = true) const;
  bool empty() const { return tables_.empty(); }
  const std::vector<std::shared_ptr<const LookupTable>>& tables() const { return tables_; }
  /// As it was written; equal lists of tables have equal texts.
  const std::string& text() const { return text_; }
  friend bool operator==(const LookupTables& a, const LookupTables& b) { return a.text_ == b.text_; }

 private:
  std::vector<std::shared_ptr<const LookupTable>> tables_;
  std::string text_;
};

}  // namespace fallbackmx
