#include "probe/dns/route_reasons.h"

#include <gtest/gtest.h>

#include "probe/dns/route.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"
#include "test/unit/ip.h"

namespace fallbackmx {
namespace {

/// Those of a route search that starts at example.org; ourselves are 192.0.2.9.
std::string reasons_of(const std::vector<std::string>& zone, std::size_t limit = 5) {
  Simulation clock;
  FakeResolver dns{clock};
  for (const auto& line : zone) dns.add(line);
  Settings settings = default_settings();
  settings.smtp_mx_address_limit = static_cast<int>(limit);
  Reasons reasons;
  const auto hops = parse_next_hops("example.org");
  HostsFile hosts("no/such/hosts");
  find_route(*hops, settings, OwnAddresses({ip("192.0.2.9")}), dns, hosts, clock,
             clock.now() + std::chrono::seconds(8), &reasons);
  std::string all;
  for (const auto& reason : reasons) all += reason + '\n';
  return all;
}

TEST(RouteReasons, EveryHostHasOne) {
  EXPECT_EQ(reasons_of({"example.org MX 10 mx1.example.org", "example.org MX 10 gone.example.org",
                        "example.org MX 20 self.example.org", "example.org MX 20 equal.example.org",
                        "example.org MX 30 worse.example.org", "mx1.example.org A 192.0.2.1",
                        "self.example.org A 192.0.2.9", "equal.example.org A 192.0.2.2",
                        "worse.example.org A 192.0.2.3"}),
            "gone.example.org (preference 10): no address: gone.example.org A: no such name (NXDOMAIN)\n"
            "worse.example.org (preference 30): no better than ourselves, not looked up\n"
            "mx1.example.org[192.0.2.1]:25 (preference 10): to be asked, no. 1\n"
            "self.example.org[192.0.2.9]:25 (preference 20): is one of our own addresses\n"
            "equal.example.org[192.0.2.2]:25 (preference 20): no better than ourselves\n");
}

TEST(RouteReasons, ALimitAndADoubleAreReasonsToo) {
  EXPECT_EQ(reasons_of({"example.org MX 10 mx1.example.org", "example.org MX 20 mx2.example.org",
                        "example.org MX 30 mx3.example.org", "mx1.example.org A 192.0.2.1",
                        "mx2.example.org A 192.0.2.1", "mx3.example.org A 192.0.2.3"},
                       1),
            "mx1.example.org[192.0.2.1]:25 (preference 10): to be asked, no. 1\n"
            "mx2.example.org[192.0.2.1]:25 (preference 20): the same address once more\n"
            "mx3.example.org[192.0.2.3]:25 (preference 30): left out by smtp_mx_address_limit\n");
}

TEST(RouteReasons, ADomainWithoutMxRecordsIsItsOwnHost) {
  EXPECT_EQ(reasons_of({"example.org A 192.0.2.1"}),
            "example.org has no MX records, its own address counts\n"
            "example.org[192.0.2.1]:25 (preference 0): to be asked, no. 1\n");
}

TEST(RouteReasons, ALoopShowsWhoWeAre) {
  EXPECT_EQ(reasons_of({"example.org MX 10 self.example.org", "self.example.org A 192.0.2.9"}),
            "self.example.org[192.0.2.9]:25 (preference 10): is one of our own addresses\n");
}

}  // namespace
}  // namespace fallbackmx
