// A block of addresses, or one address.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// A value. IPv4 in IPv6 clothes is IPv4: a dual-stack listener shows clients so.
class Network {
 public:
  /// `address`, `[address]`, `address/length`, `[address]/length`, `[address/length]`. The error says what is
  /// wrong with it: no address, or bits set behind the prefix.
  static Result<Network> parse(std::string_view pattern);

  bool contains(const boost::asio::ip::address&) const;
  /// Both IPv4, or both IPv6.
  bool same_family(const boost::asio::ip::address&) const;

 private:
  boost::asio::ip::address first_;
  unsigned prefix_ = 0;
};

}  // namespace fallbackmx
