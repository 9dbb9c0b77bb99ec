#include "conf/ehlo_keywords.h"

#include <fmt/format.h>

#include "conf/brackets.h"
#include "conf/table.h"
#include "conf/text_file.h"

namespace fallbackmx {

Result<EhloKeywordMaps> EhloKeywordMaps::parse(std::string_view tables) {
  EhloKeywordMaps maps;
  maps.text_ = tables;
  for (const auto& name : split_words(tables)) {
    const Table table = read_table(name);
    if (!table.errors.empty()) return Error{table.errors.front()};
    const auto path = std::string_view(name).substr(name.find(':') + 1);
    for (const TableRow& row : table.rows) {
      boost::system::error_code not_one;
      const auto address =
          boost::asio::ip::make_address(std::string(without_square_brackets(row.key)), not_one);
      if (not_one)
        return Error{fmt::format("{}:{}: {} is not the address of a server, as in 192.0.2.1 or 2001:db8::1",
                                 path, row.line, quoted(row.key))};
      maps.words_.try_emplace(address, split_words(row.value));
    }
  }
  return maps;
}

const std::vector<std::string>* EhloKeywordMaps::find(const boost::asio::ip::address& address) const {
  const auto found = words_.find(address);
  return found == words_.end() ? nullptr : &found->second;
}

}  // namespace fallbackmx
