#include "probe/dns/dns_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fallbackmx {

namespace {

constexpr std::chrono::seconds shortest_failure{1}, longest_failure{60};

std::size_t size_of(const std::string& key, const DnsAnswer& answer) {
  std::size_t size = 2 * key.size() + sizeof(DnsAnswer) + 200 + answer.canonical.size() +
                     answer.alias_of.size() + answer.why.size();
  for (const auto& record : answer.mx) size += sizeof record + record.host.size();
  for (const auto& record : answer.tlsa) size += sizeof record + record.data.size();
  return size + answer.addresses.size() * sizeof(IpAddress);
}

}  // namespace

std::chrono::seconds kept_for(const DnsAnswer& answer) {
  const std::chrono::seconds most(answer.status == DnsAnswer::Status::ok ? 3600 : 300);
  return std::clamp(answer.ttl, std::chrono::seconds(1), most);
}

std::optional<DnsAnswer> DnsCache::find(const std::string& key, SteadyTime now) {
  if (const Failure* failure = failures_.find(key); failure != nullptr && now < failure->until)
    return failure->answer;
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

std::optional<DnsAnswer> DnsCache::slow_failure(const std::string& key, SteadyTime now) const {
  const Failure* failure = failures_.find(key);
  if (failure == nullptr || !failure->slow || now - failure->at >= slow_lifetime) return std::nullopt;
  return failure->answer;
}

void DnsCache::put_failure(const std::string& key, DnsAnswer answer, SteadyTime now, bool slow) {
  Failure& failure = failures_.touch(key);
  failure.kept = std::clamp(2 * failure.kept, shortest_failure, longest_failure);
  failure.answer = std::move(answer);
  failure.at = now;
  failure.until = now + failure.kept;
  failure.slow = slow;
}

void DnsCache::put(const std::string& key, DnsAnswer answer, SteadyTime now, SteadyTime::duration took) {
  if (answer.status == DnsAnswer::Status::temporary)
    return put_failure(key, std::move(answer), now, took >= slow_from);
  failures_.erase(key);
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
