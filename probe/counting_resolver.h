// A resolver that counts what passes.
#pragma once

#include "probe/clock.h"
#include "probe/dns.h"
#include "probe/metrics.h"

namespace fallbackmx {

/// Questions by type and result, and how long answers take. What it refers to lives longer.
class CountingResolver final : public Resolver {
 public:
  CountingResolver(Resolver& resolver, const Clock& clock, Metrics& metrics)
      : resolver_(resolver), clock_(clock), metrics_(metrics) {}

  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;

 private:
  Resolver& resolver_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace fallbackmx
