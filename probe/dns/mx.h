// Choosing among MX hosts (RFC 5321 section 5.1, Postfix smtp_addr.c). Pure: DNS answers in, an ordered list
// out.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conf/values.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// The addresses that are ours: a probe must never go there.
class OwnAddresses {
 public:
  OwnAddresses() = default;
  explicit OwnAddresses(std::vector<IpAddress> addresses) : addresses_(std::move(addresses)) {}
  /// By inet_interfaces (`all`: every address of this machine) and proxy_interfaces. Reads the interfaces
  /// anew, and looks up names of hosts, for some seconds at most: `unknown` gets a sentence for each that is
  /// not found.
  static OwnAddresses of(const Words& inet_interfaces, const Words& proxy_interfaces,
                         std::vector<std::string>* unknown = nullptr);

  /// IPv4-mapped IPv6 addresses count as IPv4. The unspecified address is always ours.
  bool contains(const IpAddress&) const;

 private:
  std::vector<IpAddress> addresses_;
};

/// Drops, on port 25 only, every endpoint whose preference is equal to or worse than that of the first
/// endpoint that is ours. `endpoints` are in order of preference. Returns whether one of them was ours.
bool eliminate_self(std::vector<Endpoint>& endpoints, const OwnAddresses&);

/// Orders by preference, within that by host order of DNS with the preferred family first (`any` interleaves
/// the families, IPv6 first, as RFC 8305 section 4), drops duplicates, keeps `limit` (0: all). Where both
/// families are there and more than one may be kept, each has half of the limit to itself (Postfix's
/// smtp_balance_inet_protocols).
std::vector<Endpoint> in_order(std::vector<Endpoint> endpoints, AddressPreference, std::size_t limit);

}  // namespace fallbackmx
