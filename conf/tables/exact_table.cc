#include "conf/tables/exact_table.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "conf/grammar/braced_words.h"
#include "conf/tables/table.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

class ExactTable : public LookupTable {
 public:
  ExactTable(std::string_view name, std::vector<LookupRow> made) : LookupTable(name, std::move(made)) {
    for (std::size_t row = 0; row < rows().size(); ++row) by_key_.try_emplace(rows()[row].key, row);
  }

  std::optional<Match> find(std::string_view key, bool) const override {
    const auto found = by_key_.find(lower_case(key));
    if (found == by_key_.end()) return std::nullopt;
    return Match{found->second, rows()[found->second].text};
  }
  bool enumerable() const override { return true; }

 private:
  std::unordered_map<std::string_view, std::size_t> by_key_;  ///< the keys are those of rows()
};

}  // namespace

Result<std::shared_ptr<const LookupTable>> text_table(std::string_view name, std::string_view path,
                                                      std::string_view text) {
  auto [read, errors] = parse_table(text, path);
  if (!errors.empty()) return Error{errors.front()};
  std::vector<LookupRow> rows;
  rows.reserve(read.size());
  for (auto& [key, value, line] : read)
    rows.push_back({lower_case(key), std::move(value), fmt::format("{}:{}", path, line)});
  return std::shared_ptr<const LookupTable>(std::make_shared<ExactTable>(name, std::move(rows)));
}

Result<std::shared_ptr<const LookupTable>> inline_table(std::string_view name, std::string_view braces) {
  const auto wrong = [&](std::string_view why) { return Error{fmt::format("{}: {}", in_quotes(name), why)}; };
  if (!braces.starts_with('{') || !braces.ends_with('}'))
    return wrong("write inline:{ key=value, { key = text with blanks } }");
  std::vector<LookupRow> rows;
  for (const auto& item : split_braced_words(without_braces(braces))) {
    const auto pair = without_braces(item);
    const auto equals = pair.find('=');
    const auto key = stripped(pair.substr(0, equals));
    const auto value =
        equals == std::string_view::npos ? key.substr(key.size()) : stripped(pair.substr(equals + 1));
    if (key.empty() || value.empty())
      return wrong(
          fmt::format("{} is not of the form key=value, or {{ key = text with blanks }}", in_quotes(item)));
    rows.push_back({lower_case(key), std::string(value), std::string(name)});
  }
  if (rows.empty()) return wrong("there is nothing in it");
  return std::shared_ptr<const LookupTable>(std::make_shared<ExactTable>(name, std::move(rows)));
}

}  // namespace fallbackmx
