// DNS packets: a question as bytes, and what the bytes that come back say. Pure, and the only file that knows
// ldns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probe/dns/dns.h"

namespace fallbackmx {

/// One question as it goes to one server. A value.
struct DnsQuestion {
  std::uint16_t id = 0;  ///< hard to guess, a new one for every packet
  std::string name;      ///< lower case, a valid_hostname() of at most 253 bytes
  RecordType type = RecordType::a;
  bool edns = true;  ///< RFC 6891, with room for 1,232 bytes and the DO bit, so that AD means something
};

/// A recursive query (RD, AD; RFC 6840 section 5.7). Throws std::invalid_argument for a name that
/// is none.
std::string build_query(const DnsQuestion&);

/// What a packet is worth as a reply to a question. A value.
struct DnsReply {
  enum class Kind {
    foreign,    ///< not a reply to this question, or not DNS at all: pretend it never came
    truncated,  ///< ask again over TCP (RFC 5966)
    no_edns,    ///< the server does not understand EDNS: ask again without
    trouble,    ///< this server does not know; another may (`why`)
    answer,  ///< `answer` is the answer, unless `ask_on` names the end of a CNAME chain that left the packet
  };
  Kind kind = Kind::foreign;
  bool authentic_data = false;  ///< the AD bit, whoever set it
  DnsAnswer answer;  ///< ok, no_data or nx_domain; `authentic` is not set here; `why` without the server
  std::string ask_on;
  std::string why;  ///< with trouble: "SERVFAIL", "does not recurse", ...
};

/// Checks id, QR, opcode and question (RFC 5452), then reads the answer. CNAME chains are followed up to 10
/// records, as Postfix does: a longer one or a loop is nx_domain. Names of records are kept as they are,
/// bytes that no host name may have as \DDD. A record of another class than IN, a referral, and every RCODE
/// but NOERROR and NXDOMAIN are trouble. TTL: the least of the records used; of a negative answer as RFC 2308
/// section 5, 0 without an SOA.
DnsReply parse_reply(const DnsQuestion&, std::string_view packet);

/// Most CNAME records on the way to an answer, over all packets.
constexpr int most_cnames = 10;

}  // namespace fallbackmx
