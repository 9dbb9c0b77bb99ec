#include "probe/dns/dns_packet.h"

// Before ldns.h, which would otherwise define bool, true and false as macros.
#include <cstdbool>

#include <ldns/ldns.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>

namespace fallbackmx {

namespace {

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    free_it(pointer);
  }
};
using Packet = std::unique_ptr<ldns_pkt, Free<ldns_pkt_free>>;
using Bytes = std::unique_ptr<std::uint8_t, Free<std::free>>;

constexpr std::uint16_t room = 1232;
constexpr unsigned rcode_badvers = 16;
/// As Postfix bounds its lists: more than that is an attack or a mistake.
constexpr std::size_t most_records = 100;

ldns_rr_type ldns_type(RecordType type) {
  switch (type) {
    case RecordType::a:
      return LDNS_RR_TYPE_A;
    case RecordType::aaaa:
      return LDNS_RR_TYPE_AAAA;
    case RecordType::mx:
      return LDNS_RR_TYPE_MX;
    case RecordType::tlsa:
      return LDNS_RR_TYPE_TLSA;
    case RecordType::cname:
      return LDNS_RR_TYPE_CNAME;
  }
  return LDNS_RR_TYPE_A;
}

/// Lower case, no trailing dot; what is not a letter, digit, hyphen or underscore within a label as \DDD, so
/// that no label can pass for two.
std::string text_of(const ldns_rdf* name) {
  std::string out;
  if (name == nullptr || ldns_rdf_get_type(name) != LDNS_RDF_TYPE_DNAME) return out;
  const std::uint8_t* bytes = ldns_rdf_data(name);
  const std::size_t size = ldns_rdf_size(name);
  for (std::size_t at = 0; at < size && bytes[at] != 0;) {
    const std::size_t end = std::min<std::size_t>(at + 1 + bytes[at], size);
    if (!out.empty()) out += '.';
    for (++at; at < end; ++at) {
      const unsigned char c = bytes[at];
      if (c >= 'A' && c <= 'Z') {
        out += static_cast<char>(c - 'A' + 'a');
      } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
        out += static_cast<char>(c);
      } else {
        out += '\\';
        out += static_cast<char>('0' + c / 100);
        out += static_cast<char>('0' + c / 10 % 10);
        out += static_cast<char>('0' + c % 10);
      }
    }
  }
  return out;
}

using Record = std::unique_ptr<ldns_rr, Free<ldns_rr_free>>;

bool question_matches(const DnsQuestion& question, const std::uint8_t* bytes, std::size_t size) {
  std::size_t at = LDNS_HEADER_SIZE;
  ldns_rr* parsed = nullptr;
  if (LDNS_QDCOUNT(bytes) != 1 ||
      ldns_wire2rr(&parsed, bytes, size, &at, LDNS_SECTION_QUESTION) != LDNS_STATUS_OK) {
    return false;
  }
  const Record rr(parsed);
  return ldns_rr_get_type(parsed) == ldns_type(question.type) &&
         ldns_rr_get_class(parsed) == LDNS_RR_CLASS_IN && text_of(ldns_rr_owner(parsed)) == question.name;
}

/// True when the packet replies to this question and no other. Servers that could not read a query send its
/// header back without the question.
bool replies_to(const DnsQuestion& question, const std::uint8_t* bytes, std::size_t size) {
  if (size < LDNS_HEADER_SIZE) return false;
  if (LDNS_ID_WIRE(bytes) != question.id || !LDNS_QR_WIRE(bytes)) return false;
  if (LDNS_OPCODE_WIRE(bytes) != LDNS_PACKET_QUERY) return false;
  const bool unread = LDNS_RCODE_WIRE(bytes) == LDNS_RCODE_FORMERR && LDNS_QDCOUNT(bytes) == 0;
  return unread || question_matches(question, bytes, size);
}

/// With the upper bits that EDNS adds: without them BADVERS would look like NOERROR and "no such record".
unsigned full_rcode(const ldns_pkt* packet) {
  const unsigned low = static_cast<unsigned>(ldns_pkt_get_rcode(packet));
  return ldns_pkt_edns(packet) ? (static_cast<unsigned>(ldns_pkt_edns_extended_rcode(packet)) << 4) | low
                               : low;
}

std::string rcode_name(unsigned rcode) {
  switch (rcode) {
    case LDNS_RCODE_FORMERR:
      return "FORMERR";
    case LDNS_RCODE_SERVFAIL:
      return "SERVFAIL";
    case LDNS_RCODE_NOTIMPL:
      return "NOTIMP";
    case LDNS_RCODE_REFUSED:
      return "REFUSED";
    case rcode_badvers:
      return "BADVERS";
    default:
      return "RCODE " + std::to_string(rcode);
  }
}

std::string raw_data(const ldns_rdf* rdf) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf)};
}

/// Puts a record into the answer. False when it is not of the form that its type has.
bool take(const ldns_rr* rr, RecordType type, DnsAnswer& answer) {
  const auto field = [&](std::size_t i) { return ldns_rr_rdf(rr, i); };
  const std::size_t fields = ldns_rr_rd_count(rr);
  switch (type) {
    case RecordType::a: {
      boost::asio::ip::address_v4::bytes_type bytes;
      if (fields != 1 || ldns_rdf_size(field(0)) != bytes.size()) return false;
      std::memcpy(bytes.data(), ldns_rdf_data(field(0)), bytes.size());
      answer.addresses.emplace_back(boost::asio::ip::address_v4(bytes));
      return true;
    }
    case RecordType::aaaa: {
      boost::asio::ip::address_v6::bytes_type bytes;
      if (fields != 1 || ldns_rdf_size(field(0)) != bytes.size()) return false;
      std::memcpy(bytes.data(), ldns_rdf_data(field(0)), bytes.size());
      answer.addresses.emplace_back(boost::asio::ip::address_v6(bytes));
      return true;
    }
    case RecordType::mx:
      if (fields != 2) return false;
      answer.mx.push_back({ldns_rdf2native_int16(field(0)), text_of(field(1))});
      return true;
    case RecordType::tlsa:
      if (fields != 4) return false;
      answer.tlsa.push_back({ldns_rdf2native_int8(field(0)), ldns_rdf2native_int8(field(1)),
                             ldns_rdf2native_int8(field(2)), raw_data(field(3))});
      return true;
    case RecordType::cname:
      if (fields != 1) return false;
      answer.alias_of = text_of(field(0));
      return true;
  }
  return false;
}

/// How long "no" may be kept, by the SOA in the authority section.
std::optional<std::uint32_t> negative_ttl(const ldns_pkt* packet) {
  const ldns_rr_list* list = ldns_pkt_authority(packet);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7) continue;
    return std::min(ldns_rr_ttl(rr), ldns_rdf2native_int32(ldns_rr_rdf(rr, 6)));
  }
  return std::nullopt;
}

/// What the answer section says about one name.
struct Found {
  std::string cname;
  bool malformed = false;  ///< another class than IN, or data that do not fit the type
};

Found look_up(const std::string& name, RecordType type, const ldns_rr_list* section, DnsAnswer& answer,
              std::uint32_t& ttl) {
  Found found;
  std::size_t count = 0;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(section, i);
    const ldns_rr_type rr_type = ldns_rr_get_type(rr);
    const bool wanted = rr_type == ldns_type(type);
    const bool cname = rr_type == LDNS_RR_TYPE_CNAME && ldns_rr_rd_count(rr) == 1;
    if ((!wanted && !cname) || text_of(ldns_rr_owner(rr)) != name) continue;
    if (wanted && count++ == most_records) break;
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || (wanted && !take(rr, type, answer))) {
      found.malformed = true;
      return found;
    }
    if (cname) found.cname = text_of(ldns_rr_rdf(rr, 0));
    ttl = std::min(ttl, ldns_rr_ttl(rr));
  }
  return found;
}

bool has_records(const DnsAnswer& answer) {
  return !answer.mx.empty() || !answer.addresses.empty() || !answer.tlsa.empty() || !answer.alias_of.empty();
}

DnsReply of_kind(DnsReply::Kind kind, std::string why) {
  DnsReply reply;
  reply.kind = kind;
  reply.why = std::move(why);
  return reply;
}

DnsReply trouble(std::string why) { return of_kind(DnsReply::Kind::trouble, std::move(why)); }

void settle(DnsReply& reply, DnsAnswer::Status status, std::uint32_t ttl, std::string why) {
  reply.answer.status = status;
  reply.answer.ttl = std::chrono::seconds(ttl);
  reply.answer.why = std::move(why);
}

/// The answer section of a packet that has passed all checks.
DnsReply read_answer(const DnsQuestion& question, const ldns_pkt* packet, bool nx_domain) {
  using Status = DnsAnswer::Status;
  DnsReply reply;
  reply.kind = DnsReply::Kind::answer;
  reply.authentic_data = ldns_pkt_ad(packet);
  std::uint32_t ttl = std::numeric_limits<std::int32_t>::max();
  std::string name = question.name;
  for (int hops = 0;; ++hops) {
    reply.answer.canonical = name;
    const Found found = look_up(name, question.type, ldns_pkt_answer(packet), reply.answer, ttl);
    if (found.malformed) return trouble("malformed record");
    if (has_records(reply.answer)) {
      settle(reply, Status::ok, ttl, {});
      return reply;
    }
    if (found.cname.empty()) break;
    if (hops == most_cnames) {
      settle(reply, Status::nx_domain, ttl, "more than 10 CNAME records, or a loop of them");
      return reply;
    }
    name = found.cname;
  }

  const auto negative = negative_ttl(packet);
  const std::uint32_t negative_for = std::min(ttl, negative.value_or(0));
  if (nx_domain) {
    settle(reply, Status::nx_domain, negative_for, "no such name (NXDOMAIN)");
    return reply;
  }
  // A server that neither recurses nor is responsible says "ask others" with an answer just as empty as a
  // real "no".
  if (!negative && !ldns_pkt_ra(packet) && !ldns_pkt_aa(packet)) return trouble("does not recurse");
  const bool leaves = !negative && name != question.name;
  if (leaves) reply.ask_on = name;
  settle(reply, Status::no_data, leaves ? ttl : negative_for, "no such record (NODATA)");
  return reply;
}

}  // namespace

std::string build_query(const DnsQuestion& question) {
  ldns_rdf* name = ldns_dname_new_frm_str(question.name.c_str());
  if (name == nullptr) throw std::invalid_argument("not a domain name: " + question.name);
  const Packet packet(
      ldns_pkt_query_new(name, ldns_type(question.type), LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD));
  if (!packet) throw std::bad_alloc();
  ldns_pkt_set_id(packet.get(), question.id);
  if (question.edns) {
    ldns_pkt_set_edns_udp_size(packet.get(), room);
    ldns_pkt_set_edns_do(packet.get(), true);
  }
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&bytes, packet.get(), &size) != LDNS_STATUS_OK) throw std::bad_alloc();
  const Bytes owner(bytes);
  return {reinterpret_cast<const char*>(bytes), size};
}

DnsReply parse_reply(const DnsQuestion& question, std::string_view packet) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(packet.data());
  if (!replies_to(question, bytes, packet.size())) return {};
  // Before the records are read: some servers cut a packet in the middle of one.
  const bool truncated = LDNS_TC_WIRE(bytes);
  ldns_pkt* parsed = nullptr;
  const bool readable = ldns_wire2pkt(&parsed, bytes, packet.size()) == LDNS_STATUS_OK;
  const Packet owner(parsed);
  if (!readable) return truncated ? of_kind(DnsReply::Kind::truncated, {}) : trouble("malformed packet");

  const unsigned rcode = full_rcode(parsed);
  if (question.edns &&
      (rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL || rcode == rcode_badvers)) {
    return of_kind(DnsReply::Kind::no_edns, rcode_name(rcode));
  }
  if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) return trouble(rcode_name(rcode));
  if (truncated) return of_kind(DnsReply::Kind::truncated, {});
  return read_answer(question, parsed, rcode == LDNS_RCODE_NXDOMAIN);
}

}  // namespace fallbackmx
