#include "test/fake/dns_script.h"

#include <utility>

namespace fallbackmx {

namespace {

constexpr int rcode_formerr = 1, rcode_servfail = 2, rcode_nxdomain = 3;

}  // namespace

std::string DnsAct::reply_to(const WirePacket& query) const {
  WirePacket said = reply;
  if (manner == Manner::formerr_to_edns && query.edns) said = {.rcode = rcode_formerr};
  said.id = query.id;
  said.question = query.question;
  const std::string bytes = said.bytes();
  return manner == Manner::cut ? bytes.substr(0, bytes.size() / 2) : bytes;
}

std::string lie_to(const WirePacket& query, DnsLie lie) {
  WirePacket packet{.id = query.id, .question = query.question, .ad = true, .rcode = rcode_nxdomain};
  switch (lie) {
    case DnsLie::wrong_id:
      packet.id = static_cast<std::uint16_t>(packet.id + 1);
      break;
    case DnsLie::wrong_name:
      packet.question = "evil." + packet.question;
      break;
    case DnsLie::wrong_type:
      packet.question = packet.question.substr(0, packet.question.find(' ')) + " SOA";
      break;
    case DnsLie::no_question:
      packet.question.clear();
      break;
    case DnsLie::query:
      packet.reply = false;
      break;
    case DnsLie::garbage:
      return "220 mx1.example.org ESMTP\r\n";
    case DnsLie::empty:
      return {};
    case DnsLie::another_port:
      break;
  }
  return packet.bytes();
}

void DnsScript::disturb(std::size_t nth, DnsAct act) {
  until_disturbed_ = nth;
  disturbed_ = std::move(act);
}

DnsAct DnsScript::next(const std::string& question, bool tcp) {
  if (!tcp && until_disturbed_ > 0 && --until_disturbed_ == 0) return disturbed_;
  auto& acts = tcp && tcp_acts_.contains(question) ? tcp_acts_ : acts_;
  const auto found = acts.find(question);
  if (found == acts.end()) return {.reply = {.rcode = rcode_servfail}};
  DnsAct act = found->second.front();
  if (found->second.size() > 1) found->second.erase(found->second.begin());
  return act;
}

}  // namespace fallbackmx
