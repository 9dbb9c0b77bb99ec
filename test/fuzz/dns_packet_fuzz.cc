#include "probe/dns/dns_packet.h"

#include <array>

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

/// By the header alone: no reply to the question with this id (RFC 5452).
bool is_foreign(std::string_view packet) {
  return packet.size() < 12 || packet[0] != 0x12 || packet[1] != 0x34 || (packet[2] & 0x80) == 0;
}

/// The first byte chooses the type that was asked for; the rest is the packet.
void dns_packet(std::string_view input) {
  if (input.empty()) return;
  static constexpr std::array types = {RecordType::a, RecordType::aaaa, RecordType::mx, RecordType::tlsa};
  const auto first = static_cast<unsigned char>(input.front());
  const auto type = first >= 0xf0 ? RecordType::cname : types[first % types.size()];
  const DnsQuestion question{.id = 0x1234, .name = "example.org", .type = type};
  const auto packet = input.substr(1);
  const auto reply = parse_reply(question, packet);
  require(is_printable_ascii(reply.why) && is_printable_ascii(reply.answer.why), "reasons are printable");
  require(reply.kind != DnsReply::Kind::trouble || !reply.why.empty(), "trouble has a reason");
  require(is_printable_ascii(reply.ask_on) && is_printable_ascii(reply.answer.canonical),
          "names are printable");
  for (const auto& mx : reply.answer.mx) {
    require(is_printable_ascii(mx.host), "names are printable");
    require(mx.preference >= 0 && mx.preference <= 65535, "a preference is 16 bits");
  }
  require(reply.answer.mx.size() <= packet.size() && reply.answer.addresses.size() <= packet.size() &&
              reply.answer.tlsa.size() <= packet.size(),
          "there is no more in the answer than in the packet");
  require(reply.kind == DnsReply::Kind::foreign || !is_foreign(packet), "a reply is one to this question");
  require(!reply.authentic_data || (packet[3] & 0x20) != 0, "only what says so is authentic");
  require((type == RecordType::mx || reply.answer.mx.empty()) &&
              (type == RecordType::tlsa || reply.answer.tlsa.empty()) &&
              (type == RecordType::cname || reply.answer.alias_of.empty()) &&
              (type == RecordType::a || type == RecordType::aaaa || reply.answer.addresses.empty()),
          "an answer is of the type that was asked for");
  for (const auto& address : reply.answer.addresses)
    require(address.is_v4() == (type == RecordType::a), "an address is of the family that was asked for");
  require(reply.answer.ttl >= std::chrono::seconds(0), "a TTL is not negative");
}

}  // namespace fallbackmx::fuzz
