// The real resolver: a cache, and behind it the configured name servers.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"
#include "probe/base/log.h"
#include "probe/base/patience.h"
#include "probe/dns/dns.h"
#include "probe/dns/dns_cache.h"
#include "probe/dns/dns_transport.h"

namespace fallbackmx {

/// Safe for use by all threads at once. Of several who ask the same at the same time, one asks the servers;
/// the others wait for his answer, each until his own deadline. The clock has to be the machine's: sockets
/// know no other.
class DnsResolver final : public Resolver {
 public:
  /// Whose AD bit is believed.
  using Trust = std::function<bool(const IpAddress& server)>;

  DnsResolver(NameServers servers, Trust trust, const Clock& clock,
              DnsTransport::WithoutEdns without_edns = {})
      : transport_(std::move(servers), clock, std::move(without_edns)),
        trust_(std::move(trust)),
        clock_(clock) {}

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override;
  /// Names are folded to lower case. One that is no valid_hostname() (which a final dot makes it) or longer
  /// than 253 bytes does not exist, and nobody is asked.
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override {
    return lookup_patiently(name, type, deadline);
  }
  /// Threads of its own ask what is not in the cache, 16 at most, for no longer than the deadline. An answer
  /// that is not waited for any more is not kept: the next who asks finds it with the name servers.
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;

 private:
  /// A question on its way.
  struct Flight {
    std::condition_variable landed;
    bool done = false;
    std::optional<DnsAnswer> answer;  ///< none if the one who asked ran out of time or luck before the others
  };
  struct Learned {
    DnsAnswer answer;
    bool out_of_time = false;  ///< says more about the deadline than about the name
  };
  class Landing;

  /// Trouble of our own is a failed lookup.
  DnsAnswer lookup_without_throwing(const Lookup&, const Patience&) noexcept;
  DnsAnswer lookup_patiently(std::string_view name, RecordType type, const Patience&);
  /// False when patience has ended before the flight.
  bool wait_for(Flight&, std::unique_lock<std::mutex>&, const Patience&) const;
  Learned ask(const std::string& name, RecordType type, const Patience&);

  DnsTransport transport_;
  const Trust trust_;
  const Clock& clock_;
  std::mutex mutex_;  ///< protects what follows, and the flights; never held while asking
  DnsCache cache_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
};

/// By the parameters `resolver` and `trusted_resolver`. The clock outlives it, and the log, where somebody
/// wants to know what is unusual about the name servers. A reload makes a new one.
std::unique_ptr<Resolver> make_resolver(const Settings& settings, Clock& clock, Log* log = nullptr);

}  // namespace fallbackmx
