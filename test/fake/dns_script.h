// What a DNS server says to which question: the true reply, and the lies before it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "test/fake/dns_wire.h"

namespace fallbackmx {

/// What an attacker would send before the true reply comes, or over TCP in its place. Each says that the name
/// does not exist.
enum class DnsLie { wrong_id, wrong_name, wrong_type, no_question, query, garbage, empty, another_port };

/// One answer. A value.
struct DnsAct {
  enum class Manner {
    answer,
    silent,
    cut,              ///< half of the bytes, and over TCP the connection closed
    formerr_to_edns,  ///< answers only a query without EDNS
    silent_to_edns,   ///< the same without a word
    in_two_writes,    ///< over TCP: the first byte, then the others
  };
  WirePacket reply = {};  ///< id and question are filled in
  Manner manner = Manner::answer;
  std::vector<DnsLie> lies = {};
  int repeat_lies = 1;

  bool silent_to(const WirePacket& query) const {
    return manner == Manner::silent || (manner == Manner::silent_to_edns && query.edns);
  }
  /// The reply as a packet, as its manner wants it.
  std::string reply_to(const WirePacket& query) const;
};

/// The packet of a lie; from which port it comes is for the sender to see to.
std::string lie_to(const WirePacket& query, DnsLie lie);

/// Acts by question, `example.org MX`. Of several each serves once, in order, and the last for ever.
class DnsScript {
 public:
  void on(const std::string& question, DnsAct act) { acts_[question].push_back(std::move(act)); }
  void over_tcp(const std::string& question, DnsAct act) { tcp_acts_[question].push_back(std::move(act)); }
  void disturb(std::size_t nth, DnsAct act);

  /// SERVFAIL for a question that is not in it.
  DnsAct next(const std::string& question, bool tcp);

 private:
  std::map<std::string, std::vector<DnsAct>> acts_, tcp_acts_;
  std::size_t until_disturbed_ = 0;  ///< 0: never
  DnsAct disturbed_;
};

}  // namespace fallbackmx
