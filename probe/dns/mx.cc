#include "probe/dns/mx.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>

#include "probe/base/brackets.h"
#include "probe/dns/host_lookup.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;

/// IPv4-mapped addresses as IPv4, and without the scope that only a local interface gives: equal means the
/// same host.
IpAddress normal(const IpAddress& address) {
  if (address.is_v4()) return address;
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  return ip::address_v6(v6.to_bytes());
}

std::vector<IpAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::vector<IpAddress> addresses;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4;
      std::memcpy(&v4, each->ifa_addr, sizeof v4);
      addresses.emplace_back(ip::address_v4(ntohl(v4.sin_addr.s_addr)));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6;
      std::memcpy(&v6, each->ifa_addr, sizeof v6);
      ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      addresses.emplace_back(ip::address_v6(bytes));
    }
  }
  return addresses;
}

void add_item(const std::string& item, std::vector<IpAddress>& addresses, std::vector<std::string>* unknown) {
  if (item == "all") {
    const auto found = interface_addresses();
    addresses.insert(addresses.end(), found.begin(), found.end());
    return;
  }
  if (item == "loopback-only" || item == "localhost") {
    addresses.emplace_back(ip::address_v4::loopback());
    addresses.emplace_back(ip::address_v6::loopback());
    return;
  }
  boost::system::error_code trouble;
  const auto address = ip::make_address(without_square_brackets(item), trouble);
  if (!trouble) return addresses.push_back(normal(address));
  constexpr std::chrono::seconds patience{2};
  const auto found = look_up_host(item, patience);
  if (found) {
    for (const auto& each : *found) addresses.push_back(normal(each));
  } else if (unknown != nullptr) {
    unknown->push_back(item + ": " + found.error());
  }
}

/// Those of one preference: the preferred family first, or both in turn.
std::vector<Endpoint> arrange(std::vector<Endpoint> equals, AddressPreference preference) {
  const auto v4 = std::stable_partition(equals.begin(), equals.end(),
                                        [](const Endpoint& e) { return e.address.is_v6(); });
  if (preference == AddressPreference::ipv6) return equals;
  if (preference == AddressPreference::ipv4) {
    std::rotate(equals.begin(), v4, equals.end());
    return equals;
  }
  std::vector<Endpoint> out;
  for (auto six = equals.begin(), four = v4; six != v4 || four != equals.end();) {
    if (six != v4) out.push_back(*six++);
    if (four != equals.end()) out.push_back(*four++);
  }
  return out;
}

/// The first `limit`, but at least half of the limit for the family that is not the first one's, as far as it
/// needs it.
void keep_both_families(std::vector<Endpoint>& endpoints, std::size_t limit) {
  if (endpoints.size() <= limit) return;
  const bool first_is_v6 = endpoints.front().address.is_v6();
  const auto of_first = [first_is_v6](const Endpoint& endpoint) {
    return endpoint.address.is_v6() == first_is_v6;
  };
  const auto same = static_cast<std::size_t>(std::count_if(endpoints.begin(), endpoints.end(), of_first));
  const std::size_t others_need = std::min(endpoints.size() - same, limit / 2);
  std::size_t left = std::min(same, limit - others_need), left_for_others = limit - left;
  std::erase_if(endpoints, [&](const Endpoint& endpoint) {
    std::size_t& places = of_first(endpoint) ? left : left_for_others;
    return places == 0 || places-- == 0;
  });
}

}  // namespace

OwnAddresses OwnAddresses::of(const Words& inet_interfaces, const Words& proxy_interfaces,
                              std::vector<std::string>* unknown) {
  std::vector<IpAddress> addresses;
  for (const auto& item : inet_interfaces) add_item(item, addresses, unknown);
  for (const auto& item : proxy_interfaces) add_item(item, addresses, unknown);
  return OwnAddresses(std::move(addresses));
}

bool OwnAddresses::contains(const IpAddress& address) const {
  const IpAddress asked = normal(address);
  if (asked.is_unspecified()) return true;
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const IpAddress& own) { return normal(own) == asked; });
}

bool eliminate_self(std::vector<Endpoint>& endpoints, const OwnAddresses& own) {
  const auto self = std::find_if(endpoints.begin(), endpoints.end(),
                                 [&](const Endpoint& e) { return e.port == 25 && own.contains(e.address); });
  if (self == endpoints.end()) return false;
  const int ours = self->preference;
  std::erase_if(endpoints, [&](const Endpoint& e) { return e.port == 25 && e.preference >= ours; });
  return true;
}

std::vector<Endpoint> in_order(std::vector<Endpoint> endpoints, AddressPreference preference,
                               std::size_t limit) {
  std::stable_sort(endpoints.begin(), endpoints.end(),
                   [](const Endpoint& a, const Endpoint& b) { return a.preference < b.preference; });
  std::vector<Endpoint> out;
  std::set<std::string> seen;
  for (auto begin = endpoints.begin(); begin != endpoints.end();) {
    const auto end = std::find_if(begin, endpoints.end(),
                                  [&](const Endpoint& e) { return e.preference != begin->preference; });
    for (auto& endpoint : arrange({begin, end}, preference)) {
      if (seen.insert(endpoint.key()).second) out.push_back(std::move(endpoint));
    }
    begin = end;
  }
  if (limit != 0) keep_both_families(out, limit);
  return out;
}

}  // namespace fallbackmx
