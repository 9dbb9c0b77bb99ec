// One DNS question to the configured name servers: who is asked first, who next, and when to give up.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "probe/base/clock.h"
#include "probe/dns/dns_packet.h"
#include "probe/dns/dns_socket.h"
#include "probe/dns/name_server_health.h"
#include "probe/dns/resolv_conf.h"

namespace fallbackmx {

/// Asks, and takes the first real answer. SERVFAIL, REFUSED, NOTIMP, FORMERR and rubbish are one server's
/// word: the next is asked; only those that were silent are asked once more in the next round. A server that
/// is silent to a question with EDNS, or does not understand it, is asked the same without, within the same
/// time, and remembered. On the loop.
class DnsTransport {
 public:
  /// Is told of a server that is asked without EDNS from now on.
  using WithoutEdns = std::function<void(const NameServer&)>;

  DnsTransport(NameServers servers, const Clock& clock, WithoutEdns without_edns = {})
      : servers_(std::move(servers)), clock_(clock), without_edns_(std::move(without_edns)) {}

  struct Outcome {
    std::optional<DnsReply> reply;  ///< of kind answer
    NameServer server;              ///< that gave it
    std::string why;                ///< without a reply: what each server did
    bool out_of_time = false;       ///< without a reply: with more time there might have been one
  };
  /// `name` is lower case and a valid_hostname() of at most 253 bytes. Returns when patience ends.
  Task<Outcome> ask(const std::string& name, RecordType type, DnsPatience patience, WaitPoint& place);

 private:
  Task<DnsExchange> ask_server(const NameServer& server, const std::string& name, RecordType type, bool tcp,
                               DnsPatience patience, WaitPoint& place);

  const NameServers servers_;
  const Clock& clock_;
  const WithoutEdns without_edns_;
  NameServerHealth health_;
};

}  // namespace fallbackmx
