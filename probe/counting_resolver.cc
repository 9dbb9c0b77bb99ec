#include "probe/counting_resolver.h"

namespace fallbackmx {

namespace {

std::string_view word(DnsAnswer::Status status) {
  switch (status) {
    case DnsAnswer::Status::ok:
      return "ok";
    case DnsAnswer::Status::no_data:
      return "no_data";
    case DnsAnswer::Status::nx_domain:
      return "nx_domain";
    case DnsAnswer::Status::temporary:
      break;
  }
  return "temporary";
}

}  // namespace

DnsAnswer CountingResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  const SteadyTime begin = clock_.now();
  DnsAnswer answer = resolver_.lookup(name, type, deadline);
  metrics_.count(Counter::dns_queries, {to_string(type), word(answer.status)});
  metrics_.observe(Timer::dns_time, clock_.now() - begin);
  return answer;
}

}  // namespace fallbackmx
