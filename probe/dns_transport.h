// One DNS question to the configured name servers: who is asked first, who next, and when to give up.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "probe/clock.h"
#include "probe/dns_packet.h"
#include "probe/dns_socket.h"
#include "probe/resolv_conf.h"

namespace fallbackmx {

/// What we know of the name servers from having asked them. Pure but for its memory; safe for use by all
/// threads.
class NameServerHealth {
 public:
  struct Candidate {
    NameServer server;
    bool doubtful = false;  ///< was silent last time: give it little time
  };

  /// All of `servers`, those that were silent within the last 30 seconds behind the others. After that time
  /// one caller, and no other, finds it in its place again. `rotate`: each call begins with the next server.
  std::vector<Candidate> order(const std::vector<NameServer>& servers, bool rotate, SteadyTime now);

  void answered(const NameServer&, SteadyTime now);
  /// It did not answer what was asked at `asked`. A server that has answered anything else since then is only
  /// slow about this one name, and stays in favour.
  void silent(const NameServer&, SteadyTime asked, SteadyTime now);

 private:
  struct State {
    bool down = false;
    SteadyTime last_answer = SteadyTime::min();
    SteadyTime trial_at;
  };
  std::mutex mutex_;  ///< protects what follows
  std::map<std::string, State> states_;
  std::size_t turn_ = 0;
};

/// Asks, and takes the first real answer. SERVFAIL, REFUSED, NOTIMP, FORMERR and rubbish are one server's
/// word: the next is asked; only those that were silent are asked once more in the next round. Safe for use
/// by all threads.
class DnsTransport {
 public:
  DnsTransport(NameServers servers, const Clock& clock) : servers_(std::move(servers)), clock_(clock) {}

  struct Outcome {
    std::optional<DnsReply> reply;  ///< of kind answer
    NameServer server;              ///< that gave it
    std::string why;                ///< without a reply: what each server did
    bool out_of_time = false;       ///< without a reply: with more time there might have been one
  };
  /// `name` is lower case and a valid_hostname() of at most 253 bytes. Returns by the deadline.
  Outcome ask(const std::string& name, RecordType type, SteadyTime deadline);

 private:
  DnsExchange ask_server(const NameServer& server, const std::string& name, RecordType type, bool tcp,
                         SteadyTime deadline);

  const NameServers servers_;
  const Clock& clock_;
  NameServerHealth health_;
};

}  // namespace fallbackmx
