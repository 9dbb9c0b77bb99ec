// DNS packets written by hand, for what no library would write. On purpose not with the library that reads
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// A value. Records are zone lines, `example.org 300 MX 10 mx1.example.org`: the TTL may be left out (300),
/// `CH` may stand before the type (class CHAOS). Types: A AAAA MX CNAME NS TLSA, `SOA minimum`, and `RAW
/// number hex` for data of any form. In names \DDD is a byte.
struct WirePacket {
  std::uint16_t id = 0;
  std::string question = {};  ///< `example.org MX`; empty for a packet without a question
  bool reply = true, aa = false, tc = false, ra = true, ad = false;
  int opcode = 0;
  int rcode = 0;  ///< 16 and more need EDNS
  bool edns = false;
  std::vector<std::string> answer = {}, authority = {};

  /// Throws std::invalid_argument for a line it does not understand.
  std::string bytes() const;
};

/// Header and question of a query; nothing when it is none.
std::optional<WirePacket> read_query(std::string_view bytes);

}  // namespace fallbackmx
