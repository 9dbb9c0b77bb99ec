#include "conf/network_list.h"

#include <fmt/format.h>

#include "conf/list_items.h"
#include "conf/text_file.h"

namespace fallbackmx {

Result<NetworkList> NetworkList::parse(std::string_view text) {
  const auto items = list_items(text);
  if (!items) return Error{items.error()};
  NetworkList list;
  list.text_ = text;
  for (const auto& item : *items) {
    const auto network = Network::parse(item.pattern);
    if (!network) return Error{item.where + network.error()};
    if (item.from_table && item.pattern.find('/') != std::string::npos) {
      return Error{
          fmt::format("{}{}: a table is looked up by address, so that a network in it never matches; write "
                      "networks into a "
                      "file and name it as /file",
                      item.where, quoted(item.pattern))};
    }
    list.items_.push_back({*network, item.negated});
  }
  return list;
}

bool NetworkList::contains(const boost::asio::ip::address& client) const {
  for (const auto& item : items_) {
    if (item.network.contains(client)) return !item.negated;
  }
  return false;
}

}  // namespace fallbackmx
