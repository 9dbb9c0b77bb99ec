// Several lookup tables in a row whose texts all mean something of one kind.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value; never changed after it was read, used by all threads. What a text means is found out once, when
/// it is read, and equal texts share it; only what a pattern puts together is read at the lookup.
template <class T>
class TypedTables {
 public:
  using Parse = Result<T> (*)(std::string_view text);

  /// The first mistake is the error, with file and line.
  static Result<TypedTables> read(LookupTables tables, Parse parse) {
    TypedTables made;
    made.tables_ = std::move(tables);
    made.parse_ = parse;
    std::unordered_map<std::string_view, std::shared_ptr<const T>> by_text;
    for (const auto& table : made.tables_.tables()) {
      auto& values = made.values_.emplace_back();
      for (const LookupRow& row : table->rows()) {
        auto& known = by_text[row.text];
        if (!known) {
          auto value = parse(row.text);
          if (!value) return Error{fmt::format("{}: {}", row.where, value.error())};
          known = std::make_shared<const T>(*std::move(value));
        }
        values.push_back(known);
      }
    }
    return made;
  }

  /// Null when no table knows the key. The error: what a pattern put together means nothing.
  Result<std::shared_ptr<const T>> find(std::string_view key, bool whole) const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const LookupTable& table = *tables_.tables()[i];
      const auto match = table.find(key, whole);
      if (!match) continue;
      const LookupRow& row = table.rows()[match->row];
      if (!row.substitutes) return values_[i][match->row];
      auto value = parse_(match->text);
      if (!value) return Error{fmt::format("{}: {}", row.where, value.error())};
      return std::shared_ptr<const T>(std::make_shared<const T>(*std::move(value)));
    }
    return std::shared_ptr<const T>();
  }

  bool empty() const { return values_.empty(); }
  const LookupTables& tables() const { return tables_; }
  /// `visit(row, value)` for each row of each table.
  template <class Visitor>
  void each(Visitor visit) const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto& rows = tables_.tables()[i]->rows();
      for (std::size_t row = 0; row < rows.size(); ++row) visit(rows[row], *values_[i][row]);
    }
  }

 private:
  LookupTables tables_;
  Parse parse_ = nullptr;
  std::vector<std::vector<std::shared_ptr<const T>>> values_;  ///< of each row of each table
};

}  // namespace fallbackmx
