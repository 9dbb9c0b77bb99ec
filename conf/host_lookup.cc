#include "conf/host_lookup.h"

#include <algorithm>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

bool has(const Words& words, std::string_view wanted) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return lower_case(word) == wanted; });
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

}  // namespace fallbackmx
