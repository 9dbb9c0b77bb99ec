#include "conf/host_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "conf/text_file.h"

namespace fallbackmx {

namespace {

constexpr std::array<std::string_view, 3> protocols = {"all", "ipv4", "ipv6"};
constexpr std::array<std::string_view, 2> mechanisms = {"dns", "native"};
constexpr std::array<std::string_view, 3> levels = {"disabled", "enabled", "dnssec"};

bool has(const Words& words, std::string_view wanted) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return lower_case(word) == wanted; });
}

void check_words(const Words& words, std::span<const std::string_view> known, std::string_view name,
                 std::string_view way_out, std::vector<Objection>& found) {
  if (words.empty()) found.push_back({true, {name}, fmt::format("it is empty: {}", way_out)});
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), lower_case(word)) != known.end()) continue;
    found.push_back({true, {name}, fmt::format("unknown word {}: {}", quoted(word), way_out)});
  }
}

}  // namespace

HostLookup host_lookup(const Settings& settings) {
  HostLookup lookup;
  const Words& names = settings.inet_protocols;
  if (!names.empty() && !has(names, "all")) {
    lookup.ipv4 = has(names, "ipv4");
    lookup.ipv6 = has(names, "ipv6");
  }
  lookup.mx = lower_case(settings.smtp_dns_support_level) != "disabled";
  lookup.native = !lookup.mx || has(settings.smtp_host_lookup, "native");
  lookup.dns = lookup.mx && (!lookup.native || has(settings.smtp_host_lookup, "dns"));
  return lookup;
}

std::vector<Objection> check_host_lookup(const Settings& settings) {
  std::vector<Objection> found;
  check_words(settings.inet_protocols, protocols, "inet_protocols", "use ipv4, ipv6, both of them, or all",
              found);
  check_words(settings.smtp_host_lookup, mechanisms, "smtp_host_lookup", "use dns, native, or both", found);
  const std::string level = lower_case(settings.smtp_dns_support_level);
  if (!level.empty()) {
    check_words({level}, levels, "smtp_dns_support_level", "use disabled, enabled, dnssec, or nothing",
                found);
  }
  const TlsLevel tls = settings.smtp_tls_security_level;
  if ((tls == TlsLevel::dane || tls == TlsLevel::dane_only) && !host_lookup(settings).dns) {
    found.push_back(
        {false,
         {"smtp_tls_security_level", "smtp_host_lookup", "smtp_dns_support_level"},
         "DANE needs addresses from the DNS, which smtp_host_lookup and smtp_dns_support_level leave out"});
  }
  return found;
}

}  // namespace fallbackmx
