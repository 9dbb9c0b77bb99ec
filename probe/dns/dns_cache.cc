#include "probe/dns/dns_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fallbackmx {

namespace {

std::size_t size_of(const std::string& key, const DnsAnswer& answer) {
  std::size_t size = 2 * key.size() + sizeof(DnsAnswer) + 200 + answer.canonical.size() +
                     answer.alias_of.size() + answer.why.size();
  for (const auto& record : answer.mx) size += sizeof record + record.host.size();
  for (const auto& record : answer.tlsa) size += sizeof record + record.data.size();
  return size + answer.addresses.size() * sizeof(IpAddress);
}

}  // namespace

std::chrono::seconds kept_for(const DnsAnswer& answer) {
  switch (answer.status) {
    case DnsAnswer::Status::ok:
      return std::clamp(answer.ttl, std::chrono::seconds(1), std::chrono::seconds(3600));
    case DnsAnswer::Status::no_data:
    case DnsAnswer::Status::nx_domain:
      return std::clamp(answer.ttl, std::chrono::seconds(1), std::chrono::seconds(300));
    case DnsAnswer::Status::temporary:
      break;
  }
  return std::chrono::seconds(1);
}

std::optional<DnsAnswer> DnsCache::find(const std::string& key, SteadyTime now) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return std::nullopt;
  const auto entry = known->second;
  if (now >= entry->expires) {
    erase(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  DnsAnswer answer = entry->answer;
  answer.ttl = std::chrono::ceil<std::chrono::seconds>(entry->expires - now);
  return answer;
}

void DnsCache::put(const std::string& key, DnsAnswer answer, SteadyTime now) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  const SteadyTime expires = now + kept_for(answer);
  const std::size_t bytes = size_of(key, answer);
  Entries entry;
  entry.push_front({key, std::move(answer), expires, bytes});
  by_key_[key] = entry.begin();  // the last thing that needs memory
  entries_.splice(entries_.begin(), entry);
  bytes_ += bytes;
  while (!entries_.empty() && (entries_.size() > most_entries_ || bytes_ > most_bytes_)) {
    erase(std::prev(entries_.end()));
  }
}

void DnsCache::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace fallbackmx
