// A resolver that counts what passes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/metrics.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// Questions by type and result, and how long answers take; those that are asked together have one time. What
/// it refers to lives longer.
class CountingResolver final : public Resolver {
 public:
  CountingResolver(Resolver& resolver, const Clock& clock, Metrics& metrics)
      : resolver_(resolver), clock_(clock), metrics_(metrics) {}

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override;
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;
  Task<DnsAnswer> ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) override;
  void ask_ahead(std::string_view name, RecordType type) override { resolver_.ask_ahead(name, type); }

 private:
  void count(RecordType type, const DnsAnswer& answer, SteadyTime begin);

  Resolver& resolver_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace fallbackmx
