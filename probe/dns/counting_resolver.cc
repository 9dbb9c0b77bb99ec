#include "probe/dns/counting_resolver.h"

#include <cstddef>
#include <utility>

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

std::optional<DnsAnswer> CountingResolver::at_hand(std::string_view name, RecordType type) {
  const SteadyTime begin = clock_.now();
  std::optional<DnsAnswer> answer = resolver_.at_hand(name, type);
  if (answer) count(type, *answer, begin);
  return answer;
}

DnsAnswer CountingResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  const SteadyTime begin = clock_.now();
  DnsAnswer answer = resolver_.lookup(name, type, deadline);
  count(type, answer, begin);
  return answer;
}

Task<DnsAnswer> CountingResolver::ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) {
  const SteadyTime begin = clock_.now();
  DnsAnswer answer = co_await resolver_.ask(loop, std::move(name), type, deadline);
  count(type, answer, begin);
  co_return answer;
}

void CountingResolver::count(RecordType type, const DnsAnswer& answer, SteadyTime begin) {
  metrics_.count(Counter::dns_queries, {to_string(type), word(answer.status)});
  metrics_.observe(Timer::dns_time, clock_.now() - begin);
}

std::vector<DnsAnswer> CountingResolver::lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) {
  const SteadyTime begin = clock_.now();
  std::vector<DnsAnswer> answers = resolver_.lookup_all(lookups, deadline);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    metrics_.count(Counter::dns_queries, {to_string(lookups[i].type), word(answers[i].status)});
  }
  metrics_.observe(Timer::dns_time, clock_.now() - begin);
  return answers;
}

}  // namespace fallbackmx
