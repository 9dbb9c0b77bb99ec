#include "conf/tables/network_list.h"

#include <fmt/format.h>

#include "conf/tables/list_items.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;

/// IPv4 in IPv6 clothes is IPv4.
ip::address plain(const ip::address& client) {
  if (!client.is_v6() || !client.to_v6().is_v4_mapped()) return client;
  return ip::make_address_v4(ip::v4_mapped, client.to_v6());
}

}  // namespace

Result<NetworkList> NetworkList::parse(std::string_view text) {
  const auto items = list_items(text);
  if (!items) return Error{items.error()};
  NetworkList list;
  list.text_ = text;
  for (const auto& item : *items) {
    if (item.table) {
      list.items_.push_back({std::nullopt, item.negated, item.table});
      continue;
    }
    const auto network = Network::parse(item.pattern);
    if (!network) return Error{item.where + network.error()};
    if (item.from_table && item.pattern.find('/') != std::string::npos) {
      return Error{fmt::format(
          "{}{}: this table is looked up by address, so that a network in it never matches; write "
          "networks into a table of type cidr:, or into a file that is named as /file",
          item.where, in_quotes(item.pattern))};
    }
    list.items_.push_back({*network, item.negated});
  }
  return list;
}

bool NetworkList::contains(const boost::asio::ip::address& client) const {
  std::string text;  // for tables: as Postfix writes it
  for (const auto& [network, negated, table] : items_) {
    if (table && text.empty()) text = plain(client).to_string();
    if (network ? network->contains(client) : table->find(text, true).has_value()) return !negated;
  }
  return false;
}

}  // namespace fallbackmx
