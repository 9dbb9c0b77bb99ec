// One DNS question, one server, one exchange of packets: the system calls of the DNS, and its defence against
// forgery.
#pragma once

#include <algorithm>
#include <string>

#include "probe/base/loop.h"
#include "probe/dns/dns_packet.h"
#include "probe/dns/resolv_conf.h"

namespace fallbackmx {

/// Until when an answer is waited for, on the loop: as long as somebody wants it, which may change meanwhile,
/// and no longer than `own`.
struct DnsPatience {
  const SteadyTime& wanted;
  SteadyTime own = SteadyTime::max();

  SteadyTime end() const { return std::min(wanted, own); }
};

/// What came of it. A value.
struct DnsExchange {
  enum class Outcome {
    replied,  ///< `reply` is one to this question, never foreign
    silent,   ///< patience ended first
    flooded,  ///< so much rubbish came that somebody may be guessing: ask over TCP, which cannot be guessed
    failed,   ///< the network or the system said no
  };
  Outcome outcome = Outcome::silent;
  DnsReply reply;
  std::string why;  ///< when there is no reply: "no answer", "connection refused", ...
};

/// From a socket of its own, connected, so that the kernel picks an unpredictable port and drops what others
/// send. A packet that is no reply to this question is ignored and waiting goes on: were it taken for a
/// failure, anybody who can send packets could make us deaf.
Task<DnsExchange> ask_over_udp(const NameServer&, const DnsQuestion&, DnsPatience, WaitPoint&);

/// RFC 7766: on a connection of its own. What is no reply to this question is a failure.
Task<DnsExchange> ask_over_tcp(const NameServer&, const DnsQuestion&, DnsPatience, WaitPoint&);

}  // namespace fallbackmx
