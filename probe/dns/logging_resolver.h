// A resolver that says what passes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/log.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// `dns: example.org MX: 10 mx1.example.org (authentic, ttl 3600)`: what a log line says about an answer.
std::string answer_text(std::string_view name, RecordType, const DnsAnswer&);

/// One line at level debug for each answer. What it refers to lives longer.
class LoggingResolver final : public Resolver {
 public:
  LoggingResolver(Resolver& resolver, Log& log) : resolver_(resolver), log_(log) {}

  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;

 private:
  Resolver& resolver_;
  Log& log_;
};

}  // namespace fallbackmx
