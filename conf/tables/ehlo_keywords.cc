#include "conf/tables/ehlo_keywords.h"

#include <fmt/format.h>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// A key that is found is the address as it is written here: in digits, without brackets, as short as it can
/// be.
bool is_address(const std::string& key) {
  boost::system::error_code not_one;
  const auto address = boost::asio::ip::make_address(key, not_one);
  return !not_one && address.to_string() == key;
}

}  // namespace

Result<EhloKeywordMaps> EhloKeywordMaps::parse(std::string_view tables) {
  auto opened = LookupTables::open(tables);
  if (!opened) return Error{opened.error()};
  for (const auto& table : opened->tables()) {
    if (!table->enumerable()) continue;
    for (const LookupRow& row : table->rows()) {
      if (!is_address(row.key))
        return Error{fmt::format("{}: {} is not the address of a server, as in 192.0.2.1 or 2001:db8::1",
                                 row.where, in_quotes(row.key))};
    }
  }
  EhloKeywordMaps maps;
  maps.tables_ = *std::move(opened);
  return maps;
}

std::optional<std::vector<std::string>> EhloKeywordMaps::find(const boost::asio::ip::address& address) const {
  if (tables_.empty()) return std::nullopt;
  const auto words = tables_.find(address.to_string());
  if (!words) return std::nullopt;
  return split_words(*words);
}

}  // namespace fallbackmx
