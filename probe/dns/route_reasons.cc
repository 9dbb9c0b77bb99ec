#include "probe/dns/route_reasons.h"

#include <fmt/format.h>

#include <algorithm>

namespace fallbackmx {

namespace {

/// What eliminate_self() goes by.
bool is_ourselves(const Endpoint& endpoint, const OwnAddresses& own) {
  return endpoint.port == 25 && own.contains(endpoint.address);
}

std::string reason_for(std::span<const Endpoint> found, std::size_t which, std::span<const Endpoint> asked,
                       const OwnAddresses& own) {
  const Endpoint& endpoint = found[which];
  const auto same = [&](const Endpoint& other) { return other.key() == endpoint.key(); };
  if (is_ourselves(endpoint, own)) return "is one of our own addresses";
  const auto before = found.first(which);
  if (std::any_of(before.begin(), before.end(), same)) return "the same address once more";
  const auto place = std::find_if(asked.begin(), asked.end(), same);
  if (place != asked.end()) return fmt::format("to be asked, no. {}", place - asked.begin() + 1);
  const bool no_better = std::any_of(found.begin(), found.end(), [&](const Endpoint& other) {
    return is_ourselves(other, own) && other.preference <= endpoint.preference;
  });
  return no_better && endpoint.port == 25 ? "no better than ourselves" : "left out by smtp_mx_address_limit";
}

}  // namespace

Reasons reasons_for(std::span<const Endpoint> found, std::span<const Endpoint> asked,
                    const OwnAddresses& own) {
  Reasons reasons;
  for (std::size_t i = 0; i < found.size(); ++i) {
    reasons.push_back(fmt::format("{} (preference {}): {}", found[i].text(), found[i].preference,
                                  reason_for(found, i, asked, own)));
  }
  return reasons;
}

std::string not_looked_up(const MxRecord& host) {
  return fmt::format("{} (preference {}): no better than ourselves, not looked up", host.host,
                     host.preference);
}

std::string from_file(const MxRecord& host, const IpAddress& address, std::string_view path) {
  return fmt::format("{} (preference {}): {} from {}", host.host, host.preference, address.to_string(), path);
}

std::string lacks_address(const MxRecord& host, std::string_view why) {
  return fmt::format("{} (preference {}): no address: {}", host.host, host.preference, why);
}

}  // namespace fallbackmx
