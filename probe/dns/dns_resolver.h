// The real resolver: a cache, and behind it the configured name servers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "probe/base/loop.h"
#include "probe/dns/dns.h"
#include "probe/dns/dns_transport.h"

namespace fallbackmx {

/// Safe for use by all threads at once: questions go their way on the loop. Of several who ask the same at
/// the same time one question is on its way; it goes on for as long as the most patient of them waits. Names
/// are folded to lower case. One that is no valid_hostname() (which a final dot makes it) or longer than 253
/// bytes does not exist, and nobody is asked. The loop's clock has to be the machine's: sockets know no
/// other.
class DnsResolver final : public Resolver {
 public:
  /// Whose AD bit is believed.
  using Trust = std::function<bool(const IpAddress& server)>;

  DnsResolver(Loop& loop, NameServers servers, Trust trust, DnsTransport::WithoutEdns without_edns = {});
  /// Questions on their way end soon, on the loop, which outlives them.
  ~DnsResolver() override;
  DnsResolver(const DnsResolver&) = delete;
  DnsResolver& operator=(const DnsResolver&) = delete;

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override;
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;
  /// At most 16 of them are on their way at the same time.
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;
  Task<DnsAnswer> ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) override;
  void ask_ahead(std::string_view name, RecordType type) override;

 private:
  class Questions;
  const std::shared_ptr<Questions> questions_;
};

}  // namespace fallbackmx
