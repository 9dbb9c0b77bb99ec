#include "conf/network_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>

#include "conf/list_items.h"
#include "conf/text_file.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;

struct Network {
  ip::address address;
  unsigned prefix = 0;
};

/// IPv4 in IPv6 clothes is IPv4: a dual-stack listener shows clients so.
Network unmapped(Network network) {
  if (!network.address.is_v6() || !network.address.to_v6().is_v4_mapped() || network.prefix < 96)
    return network;
  return {ip::make_address_v4(ip::v4_mapped, network.address.to_v6()), network.prefix - 96};
}

/// The first address of the network: all bits after the prefix are zero.
ip::address network_address(const Network& network) {
  if (network.address.is_v4()) {
    return ip::network_v4(network.address.to_v4(), static_cast<unsigned short>(network.prefix)).network();
  }
  return ip::network_v6(network.address.to_v6(), static_cast<unsigned short>(network.prefix)).network();
}

std::optional<unsigned> parse_prefix(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != std::string_view::npos)
    return {};
  unsigned prefix = 0;
  for (const char c : text) prefix = prefix * 10 + static_cast<unsigned>(c - '0');
  if (prefix > most) return {};
  return prefix;
}

/// `address`, `[address]`, `address/length`, `[address]/length`, `[address/length]`; nullopt when it is none
/// of them.
std::optional<Network> parse_network(std::string_view pattern) {
  std::string text(pattern);
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string::npos) return {};
    text.erase(close, 1).erase(0, 1);
  }
  const auto slash = text.find('/');
  // A zone (fe80::1%eth0) would parse, and would then match on every interface.
  if (text.find('%') != std::string::npos) return {};
  boost::system::error_code trouble;
  const auto address = ip::make_address(text.substr(0, slash), trouble);
  if (trouble) return {};
  const unsigned bits = address.is_v4() ? 32 : 128;
  if (slash == std::string::npos) return Network{address, bits};
  const auto prefix = parse_prefix(std::string_view(text).substr(slash + 1), bits);
  if (!prefix) return {};
  return Network{address, *prefix};
}

template <std::size_t N>
bool same_leading_bits(const std::array<unsigned char, N>& a, const std::array<unsigned char, N>& b,
                       unsigned bits) {
  const auto bytes = bits / 8;
  if (!std::equal(a.begin(), a.begin() + bytes, b.begin())) return false;
  if (bits % 8 == 0) return true;
  return (a[bytes] ^ b[bytes]) >> (8 - bits % 8) == 0;
}

}  // namespace

Result<NetworkList> NetworkList::parse(std::string_view text) {
  const auto items = list_items(text);
  if (!items) return Error{items.error()};
  NetworkList list;
  list.text_ = text;
  for (const auto& item : *items) {
    const auto network = parse_network(item.pattern);
    if (!network) {
      return Error{fmt::format("{}{} is not an address or a network (names of hosts are not looked up)",
                               item.where, quoted(item.pattern))};
    }
    if (const auto first = network_address(*network); first != network->address) {
      return Error{fmt::format("{}{} has bits set after the first {}; did you mean {}/{}?", item.where,
                               quoted(item.pattern), network->prefix, first.to_string(), network->prefix)};
    }
    if (item.from_table && item.pattern.find('/') != std::string::npos) {
      return Error{
          fmt::format("{}{}: a table is looked up by address, so that a network in it never matches; write "
                      "networks into a "
                      "file and name it as /file",
                      item.where, quoted(item.pattern))};
    }
    const auto [address, prefix] = unmapped(*network);
    list.items_.push_back({address, prefix, item.negated});
  }
  return list;
}

bool NetworkList::contains(const ip::address& client) const {
  const auto address = unmapped({client, client.is_v4() ? 32U : 128U}).address;
  for (const auto& item : items_) {
    if (item.network.is_v4() != address.is_v4()) continue;
    const bool inside =
        address.is_v4()
            ? same_leading_bits(item.network.to_v4().to_bytes(), address.to_v4().to_bytes(), item.prefix)
            : same_leading_bits(item.network.to_v6().to_bytes(), address.to_v6().to_bytes(), item.prefix);
    if (inside) return !item.negated;
  }
  return false;
}

}  // namespace fallbackmx
