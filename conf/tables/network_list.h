// mynetworks: addresses and blocks of addresses, first match wins, `!` negates.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "conf/tables/network.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value. Items as in Postfix: `192.0.2.0/24`, `192.0.2.1`, `[2001:db8::]/32`, `2001:db8::/32`,
/// `!192.0.2.7`,
/// `/file` (items, one or several a line), tables (conf/tables/lookup_table.h), in which the whole address is
/// looked up.
class NetworkList {
 public:
  /// The error names the item, and the file and line it came from if it was not in the list itself.
  static Result<NetworkList> parse(std::string_view text);

  /// IPv4-mapped IPv6 addresses count as IPv4.
  bool contains(const boost::asio::ip::address&) const;
  bool empty() const { return items_.empty(); }
  /// As it was written.
  const std::string& text() const { return text_; }

  friend bool operator==(const NetworkList& a, const NetworkList& b) { return a.text_ == b.text_; }

 private:
  struct Item {
    std::optional<Network> network;  ///< else a table
    bool negated = false;
    std::shared_ptr<const LookupTable> table{};
  };
  std::vector<Item> items_;
  std::string text_;
};

}  // namespace fallbackmx
