#include "conf/tables/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;

struct Block {
  ip::address address;
  unsigned prefix = 0;
};

Block unmapped(Block block) {
  if (!block.address.is_v6() || !block.address.to_v6().is_v4_mapped() || block.prefix < 96) return block;
  return {ip::make_address_v4(ip::v4_mapped, block.address.to_v6()), block.prefix - 96};
}

/// The first address of the block: all bits after the prefix are zero.
ip::address first_of(const Block& block) {
  const auto prefix = static_cast<unsigned short>(block.prefix);
  if (block.address.is_v4()) return ip::network_v4(block.address.to_v4(), prefix).network();
  return ip::network_v6(block.address.to_v6(), prefix).network();
}

std::optional<unsigned> parse_prefix(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != std::string_view::npos)
    return {};
  unsigned prefix = 0;
  for (const char c : text) prefix = prefix * 10 + static_cast<unsigned>(c - '0');
  if (prefix > most) return {};
  return prefix;
}

std::optional<Block> parse_block(std::string_view pattern) {
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
  if (slash == std::string::npos) return Block{address, bits};
  const auto prefix = parse_prefix(std::string_view(text).substr(slash + 1), bits);
  if (!prefix) return {};
  return Block{address, *prefix};
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

Result<Network> Network::parse(std::string_view pattern) {
  const auto block = parse_block(pattern);
  if (!block) {
    return Error{fmt::format("{} is not an address or a network (names of hosts are not looked up)",
                             in_quotes(pattern))};
  }
  if (const auto first = first_of(*block); first != block->address) {
    return Error{fmt::format("{} has bits set after the first {}; did you mean {}/{}?", in_quotes(pattern),
                             block->prefix, first.to_string(), block->prefix)};
  }
  Network network;
  const auto [address, prefix] = unmapped(*block);
  network.first_ = address;
  network.prefix_ = prefix;
  return network;
}

bool Network::same_family(const ip::address& client) const {
  return first_.is_v4() == unmapped({client, client.is_v4() ? 32U : 128U}).address.is_v4();
}

bool Network::contains(const ip::address& client) const {
  const auto address = unmapped({client, client.is_v4() ? 32U : 128U}).address;
  if (first_.is_v4() != address.is_v4()) return false;
  if (address.is_v4())
    return same_leading_bits(first_.to_v4().to_bytes(), address.to_v4().to_bytes(), prefix_);
  return same_leading_bits(first_.to_v6().to_bytes(), address.to_v6().to_bytes(), prefix_);
}

}  // namespace fallbackmx
