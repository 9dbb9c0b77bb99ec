#include "conf/tables/list_items.h"

#include <fmt/format.h>

#include <boost/asio/ip/address_v6.hpp>
#include <optional>

#include "conf/grammar/braced_words.h"
#include "conf/tables/table.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr int deepest = 8;

/// Letters before a colon are a table, but `fe80::1` and `cafe::/16` are addresses.
bool is_table(std::string_view word) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address_v6(word.substr(0, word.find('/')), not_an_address);
  return names_a_table(word) && not_an_address;
}

class Collector {
 public:
  std::optional<Error> add(std::string_view text, bool negated, const std::string& where, int depth) {
    for (const auto& word : split_braced_words(text)) {
      if (auto error = add_word(word, negated, where, depth)) return error;
    }
    return std::nullopt;
  }

  std::vector<ListItem> items;

 private:
  std::optional<Error> add_word(std::string_view word, bool negated, const std::string& where, int depth) {
    const auto written = word;
    while (word.starts_with('!')) {
      negated = !negated;
      word.remove_prefix(1);
    }
    if (word.empty()) return Error{fmt::format("{}{}: nothing after \"!\"", where, in_quotes(written))};
    if (word.starts_with('/')) return add_file(std::string(word), negated, where, depth + 1);
    if (is_table(word)) return add_table(word, negated, where);
    items.push_back({std::string(word), negated, false, where});
    return std::nullopt;
  }

  std::optional<Error> add_file(const std::string& path, bool negated, const std::string& where, int depth) {
    if (depth > deepest)
      return Error{fmt::format("{}{}: files name files too deeply; in a circle?", where, path)};
    const auto text = read_text_file(path, table_file_limit);
    if (!text) return Error{where + text.error()};
    const auto [lines, errors] = plain_lines(*text);
    if (!errors.empty()) return Error{fmt::format("{}:{}: {}", path, errors[0].line, errors[0].text)};
    for (const auto& line : lines) {
      const auto items_only = std::string_view(line.text).substr(0, line.text.find('#'));
      if (auto error = add(items_only, negated, fmt::format("{}:{}: ", path, line.number), depth))
        return error;
    }
    return std::nullopt;
  }

  std::optional<Error> add_table(std::string_view name, bool negated, const std::string& where) {
    auto table = LookupTable::open(name);
    if (!table) return Error{where + table.error()};
    if (!(*table)->enumerable()) {
      items.push_back({std::string(name), negated, true, where, *std::move(table)});
      return std::nullopt;
    }
    for (const auto& row : (*table)->rows()) items.push_back({row.key, negated, true, row.where + ": "});
    return std::nullopt;
  }
};

}  // namespace

Result<std::vector<ListItem>> list_items(std::string_view text) {
  Collector collector;
  if (auto error = collector.add(text, false, "", 0)) return *std::move(error);
  return std::move(collector.items);
}

}  // namespace fallbackmx
