#include "probe/dns/route.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>

#include "probe/base/text_file.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/ip.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// The zone all tests below start from: mx1 is the primary, mx2 ourselves, mx3 another fallback.
const std::vector<std::string> hosts = {"mx1.example.org A 192.0.2.1", "mx2.example.org A 192.0.2.9",
                                        "mx3.example.org A 192.0.2.3"};

struct Case {
  const char* name;
  std::string next_hops;
  std::vector<std::string> zone;
  std::string want;  ///< endpoints in order, or the trouble
};

Settings settings() {
  Settings s;
  s.smtp_address_preference = AddressPreference::ipv4;
  s.smtp_mx_address_limit = 5;
  return s;
}

HostsFile no_hosts("no/such/hosts");

/// Time passes only while a name without an answer is asked for.
class StoppedClock final : public Clock {
 public:
  SteadyTime now() const override { return now_; }
  WallTime wall() const override { return {}; }
  std::unique_ptr<Sleeper> sleeper() override { return nullptr; }
  void pass_until(SteadyTime time) { now_ = std::max(now_, time); }

 private:
  SteadyTime now_;
};

/// `took`: the time it cost, of the 8 seconds there are.
Route route_of(const Case& row, std::chrono::milliseconds* took = nullptr) {
  StoppedClock clock;
  FakeResolver dns{[&](SteadyTime deadline) { clock.pass_until(deadline); }};
  for (const auto& line : hosts) dns.add(line);
  for (const auto& line : row.zone) dns.add(line);
  const auto hops = parse_next_hops(row.next_hops);
  EXPECT_TRUE(hops) << row.name;
  const SteadyTime begin = clock.now();
  auto route =
      find_route(*hops, settings(), OwnAddresses({ip("192.0.2.9")}), dns, no_hosts, clock, begin + 8s);
  if (took != nullptr) *took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begin);
  return route;
}

std::string show(const Route& route) {
  if (route.endpoints.empty()) return std::string(to_string(route.trouble));
  std::string out;
  for (const auto& e : route.endpoints) {
    out += (out.empty() ? "" : " ") + e.text() + (e.authenticated ? "!" : "");
  }
  return out + (route.from_mx ? " from MX" : "");
}

TEST(Route, LeadsWherePostfixWouldDeliver) {
  const Case table[] = {
      {"the primary, and nobody no better than ourselves",
       "example.org",
       {"example.org MX 30 mx3.example.org", "example.org MX 20 mx2.example.org",
        "example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"all hosts in order when we are not among them",
       "example.org",
       {"example.org MX 30 mx3.example.org", "example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 mx3.example.org[192.0.2.3]:25 from MX"},
      {"both families",
       "example.org",
       {"example.org MX 10 mx1.example.org", "mx1.example.org AAAA 2001:db8::1"},
       "mx1.example.org[192.0.2.1]:25 mx1.example.org[2001:db8::1]:25 from MX"},
      {"one family fails for now",
       "example.org",
       {"example.org MX 10 mx1.example.org", "mx1.example.org SERVFAIL AAAA"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"hosts that do not resolve are skipped",
       "example.org",
       {"example.org MX 5 gone.example.org", "example.org MX 6 broken.example", "broken.example SERVFAIL",
        "example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"a malformed host is skipped",
       "example.org",
       {"example.org MX 5 -bad.example", "example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"a numeric host counts",
       "example.org",
       {"example.org MX 10 192.0.2.77"},
       "192.0.2.77[192.0.2.77]:25 from MX"},
      {"no MX records: the domain's own address",
       "example.org",
       {"example.org A 192.0.2.5"},
       "example.org[192.0.2.5]:25"},
      {"IPv6 alone will do", "example.org", {"example.org AAAA 2001:db8::5"}, "example.org[2001:db8::5]:25"},
      {"the domain is an alias",
       "example.org",
       {"example.org CNAME other.example", "other.example MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"a host is an alias, and keeps its name",
       "example.org",
       {"example.org MX 10 alias.example", "alias.example CNAME mx1.example.org"},
       "alias.example[192.0.2.1]:25 from MX"},
      {"another port: MX records, and nobody is ourselves",
       "example.org:2525",
       {"example.org MX 20 mx2.example.org", "example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:2525 mx2.example.org[192.0.2.9]:2525 from MX"},
      {"brackets: no MX records",
       "[mx1.example.org]",
       {"mx1.example.org MX 10 mx3.example.org"},
       "mx1.example.org[192.0.2.1]:25"},
      {"an address", "[192.0.2.44]:26", {}, "192.0.2.44[192.0.2.44]:26"},
      {"an IPv6 address", "[IPv6:2001:db8::44]", {}, "2001:db8::44[2001:db8::44]:25"},
      {"several next hops in order",
       "[mx3.example.org], example.org",
       {"example.org MX 10 mx1.example.org"},
       "mx3.example.org[192.0.2.3]:25 mx1.example.org[192.0.2.1]:25"},
      {"the first next hop is unknown",
       "gone.example example.org",
       {"example.org MX 10 mx1.example.org"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"the same address by two next hops",
       "[mx1.example.org] [192.0.2.1]",
       {},
       "mx1.example.org[192.0.2.1]:25"},
      {"authentic all the way",
       "example.org",
       {"example.org MX 10 mx1.example.org", "example.org AD", "mx1.example.org AD"},
       "mx1.example.org[192.0.2.1]:25! from MX"},
      {"an MX answer that is not",
       "example.org",
       {"example.org MX 10 mx1.example.org", "mx1.example.org AD"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"an address answer that is not",
       "example.org",
       {"example.org MX 10 mx1.example.org", "example.org AD"},
       "mx1.example.org[192.0.2.1]:25 from MX"},
      {"an authentic host without MX lookup",
       "[mx1.example.org]",
       {"mx1.example.org AD"},
       "mx1.example.org[192.0.2.1]:25!"},
      {"an authentic \"no MX records\"",
       "example.org",
       {"example.org A 192.0.2.5", "example.org AD"},
       "example.org[192.0.2.5]:25!"},
  };
  for (const auto& row : table) EXPECT_EQ(show(route_of(row)), row.want) << row.name;
}

TEST(Route, WhatCannotBeFoundNowIsUnavailableAndWhatCannotBeFoundAtAllIsMisrouted) {
  const struct {
    Case row;
    const char* why;
  } table[] = {
      {{"no such domain", "gone.example", {}, "misrouted"}, "gone.example MX: no such name"},
      {{"a domain without mail", "example.org", {"www.example.org A 192.0.2.5"}, "misrouted"},
       "no such record"},
      {{"a null MX", "example.org", {"example.org MX 0 ."}, "misrouted"}, "null MX"},
      {{"a null MX and an address",
        "example.org",
        {"example.org MX 0 .", "example.org A 192.0.2.5"},
        "misrouted"},
       "null MX"},
      {{"malformed hosts alone", "example.org", {"example.org MX 10 -bad.example"}, "misrouted"},
       "valid host name"},
      {{"we are the best",
        "example.org",
        {"example.org MX 10 mx2.example.org", "example.org MX 20 mx3.example.org"},
        "misrouted"},
       "mx2.example.org[192.0.2.9]:25 is one of our addresses"},
      {{"we are the only one", "example.org", {"example.org MX 10 mx2.example.org"}, "misrouted"},
       "loops back"},
      {{"the next hop is ourselves", "[192.0.2.9]", {}, "misrouted"}, "loops back"},
      {{"the next hop is ourselves by name", "[mx2.example.org]", {}, "misrouted"}, "loops back"},
      {{"ourselves, and then another that must not be tried",
        "[192.0.2.9] [mx1.example.org]",
        {},
        "misrouted"},
       "loops back"},
      {{"a host that does not exist", "[gone.example.org]", {}, "misrouted"},
       "gone.example.org A: no such name"},
      {{"MX fails for now, and the address must not stand in",
        "example.org",
        {"example.org SERVFAIL MX", "example.org A 192.0.2.5"},
        "unavailable"},
       "example.org MX: SERVFAIL"},
      {{"bogus", "example.org", {"example.org BOGUS"}, "unavailable"}, "bogus"},
      {{"no MX records, and the address fails for now",
        "example.org",
        {"example.org A 192.0.2.5", "example.org SERVFAIL A"},
        "unavailable"},
       "example.org A: SERVFAIL"},
      {{"no host has an address", "example.org", {"example.org MX 10 gone.example.org"}, "misrouted"},
       "no MX host of example.org has an address: gone.example.org A: no such name"},
      {{"the hosts exist, but have no address",
        "example.org",
        {"example.org MX 10 a.example", "a.example MX 10 mx1.example.org", "example.org MX 20 b.example",
         "b.example NXDOMAIN"},
        "misrouted"},
       "a.example A: no such record"},
      {{"no host has an address, and one failed to say so about IPv6",
        "example.org",
        {"example.org MX 10 a.example", "a.example SERVFAIL AAAA", "example.org MX 20 gone.example"},
        "unavailable"},
       "a.example AAAA: SERVFAIL"},
      {{"no host has an address for now: the failure is told",
        "example.org",
        {"example.org MX 10 gone.example.org", "example.org MX 20 broken.example", "broken.example SERVFAIL"},
        "unavailable"},
       "broken.example A: SERVFAIL"},
      {{"only ourselves are left, the primary has no address for now",
        "example.org",
        {"example.org MX 10 broken.example", "broken.example SERVFAIL", "example.org MX 20 mx2.example.org"},
        "unavailable"},
       "better than ourselves has an address: broken.example A: SERVFAIL"},
      {{"only ourselves are left, a worse host has no address",
        "example.org",
        {"example.org MX 30 broken.example", "broken.example SERVFAIL", "example.org MX 20 mx2.example.org"},
        "misrouted"},
       "loops back"},
      {{"a bracketed host fails for now", "[broken.example]", {"broken.example SERVFAIL"}, "unavailable"},
       "SERVFAIL"},
      {{"one unknown next hop, one that fails for now",
        "gone.example broken.example",
        {"broken.example SERVFAIL"},
        "unavailable"},
       "gone.example MX: no such name"},
  };
  for (const auto& [row, why] : table) {
    const Route route = route_of(row);
    EXPECT_EQ(show(route), row.want) << row.name;
    EXPECT_NE(route.why.find(why), std::string::npos) << row.name << ": " << route.why;
  }
}

TEST(Route, ANameWithDeadNameServersLeavesTheOthersTheirTime) {
  const struct {
    Case row;
    std::chrono::milliseconds took;
  } table[] = {
      {{"nothing is dead",
        "example.org",
        {"example.org MX 10 mx1.example.org"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       0s},
      {{"the better host",
        "example.org",
        {"example.org MX 5 dead.example", "dead.example TIMEOUT", "example.org MX 10 mx1.example.org"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       4s},
      {{"the worse host",
        "example.org",
        {"example.org MX 10 mx1.example.org", "example.org MX 20 dead.example", "dead.example TIMEOUT"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       4s},
      {{"equals are looked up at the same time",
        "example.org",
        {"example.org MX 10 dead.example", "dead.example TIMEOUT", "example.org MX 10 dying.example",
         "dying.example TIMEOUT", "example.org MX 10 mx1.example.org"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       4s},
      {{"two, one after the other",
        "example.org",
        {"example.org MX 5 dead.example", "dead.example TIMEOUT", "example.org MX 6 dying.example",
         "dying.example TIMEOUT", "example.org MX 10 mx1.example.org"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       6s},
      {{"hosts behind ourselves are nobody's business",
        "example.org",
        {"example.org MX 10 mx1.example.org", "example.org MX 20 mx2.example.org",
         "example.org MX 30 dead.example", "dead.example TIMEOUT"},
        "mx1.example.org[192.0.2.1]:25 from MX"},
       0s},
      {{"the first next hop",
        "dead.example [mx1.example.org]",
        {"dead.example TIMEOUT"},
        "mx1.example.org[192.0.2.1]:25"},
       4s},
      {{"all of them",
        "example.org",
        {"example.org MX 10 dead.example", "dead.example TIMEOUT"},
        "unavailable"},
       4s},
  };
  for (const auto& [row, want] : table) {
    std::chrono::milliseconds took;
    EXPECT_EQ(show(route_of(row, &took)), row.want) << row.name;
    EXPECT_EQ(took, want) << row.name;
  }
}

TEST(Route, NoMoreAddressesThanTheLimit) {
  FakeResolver dns{FakeResolver::Wait()};
  for (int i = 1; i <= 9; ++i) dns.add("example.org A 192.0.2." + std::to_string(i));
  const auto hops = parse_next_hops("example.org");
  EXPECT_EQ(find_route(*hops, settings(), OwnAddresses(), dns, no_hosts, StoppedClock(), SteadyTime())
                .endpoints.size(),
            5u);
}

TEST(Route, ADomainWithManyHostsCostsABoundedNumberOfQuestions) {
  FakeResolver dns{FakeResolver::Wait()};
  for (int i = 0; i < 1000; ++i) dns.add("example.org MX 10 h" + std::to_string(i) + ".example.org");
  const auto hops = parse_next_hops("example.org");
  EXPECT_TRUE(find_route(*hops, settings(), OwnAddresses(), dns, no_hosts, StoppedClock(), SteadyTime())
                  .endpoints.empty());
  EXPECT_LE(dns.questions(), 201u);
}

/// The parameters of Postfix that say how addresses are looked up, and where that leads.
struct LookupCase {
  const char* name;
  const char *protocols, *lookup, *level;
  const char* next_hop;
  std::string want;
  const char* not_asked = "";  ///< a name that the DNS must not be asked for
};

/// The hosts file has primary.lan, and another address for mx1.example.org.
Route route_of(const LookupCase& row, const std::string& nsswitch) {
  TemporaryDirectory directory;
  write(directory / "hosts",
        "192.0.2.10 primary.lan primary\n2001:db8::10 Primary.LAN\n192.0.2.11 mx1.example.org\n");
  write(directory / "nsswitch.conf", nsswitch);
  HostsFile file(directory / "hosts", directory / "nsswitch.conf");
  StoppedClock clock;
  FakeResolver dns{[&](SteadyTime deadline) { clock.pass_until(deadline); }};
  for (const char* line : {"example.org MX 10 mx1.example.org", "mx1.example.org A 192.0.2.1",
                           "mx1.example.org AAAA 2001:db8::1", "example.org A 192.0.2.2",
                           "literal.example.org MX 10 192.0.2.3", "broken.lan SERVFAIL"}) {
    dns.add(line);
  }
  Settings s = settings();
  s.inet_protocols = split_words(row.protocols);
  s.smtp_host_lookup = split_words(row.lookup);
  s.smtp_dns_support_level = row.level;
  const auto hops = parse_next_hops(row.next_hop);
  auto route = find_route(*hops, s, OwnAddresses({ip("192.0.2.9")}), dns, file, clock, clock.now() + 8s);
  EXPECT_EQ(dns.questions(row.not_asked), 0u) << row.name;
  return route;
}

TEST(Route, AddressesComeFromWherePostfixWouldLookThemUp) {
  const std::string four = "mx1.example.org[192.0.2.1]:25", six = "mx1.example.org[2001:db8::1]:25";
  const std::string mx = " from MX", primary = "primary.lan[192.0.2.10]:25";
  const std::string both = primary + " primary.lan[2001:db8::10]:25";
  const LookupCase table[] = {
      {"all", "all", "dns", "", "example.org", four + " " + six + mx},
      {"both protocols", "ipv6, ipv4", "dns", "", "example.org", four + " " + six + mx},
      {"ipv4", "ipv4", "dns", "", "example.org", four + mx},
      {"ipv6", "IPv6", "dns", "", "example.org", six + mx},
      {"no address of that protocol", "ipv6", "dns", "", "[example.org]", "misrouted"},
      {"a literal of the other protocol", "ipv4", "dns", "", "[2001:db8::1]", "misrouted"},
      {"an MX host that is one", "ipv6", "dns", "", "literal.example.org", "misrouted"},
      {"dns knows no hosts file", "all", "dns", "", "[primary.lan]", "misrouted"},
      {"not in the DNS", "all", "native, dns", "", "[primary.lan]", both},
      {"of one protocol", "ipv4", "dns native", "", "[primary.lan]", primary},
      {"the DNS is first, whatever the order", "ipv4", "native, dns", "", "[mx1.example.org]", four},
      {"no word from the DNS", "all", "dns, native", "", "[broken.lan]", "unavailable"},
      {"native: the file is first", "ipv4", "native", "", "[mx1.example.org]",
       "mx1.example.org[192.0.2.11]:25", "mx1.example.org"},
      {"native: and then the DNS", "ipv4", "native", "", "[example.org]", "example.org[192.0.2.2]:25"},
      {"native: MX records count", "ipv4", "native", "", "example.org",
       "mx1.example.org[192.0.2.11]:25" + mx},
      {"disabled: they do not", "ipv4", "dns", "disabled", "example.org", "example.org[192.0.2.2]:25"},
      {"disabled: the hosts file", "all", "dns", "Disabled", "primary", "primary[192.0.2.10]:25", "primary"},
      {"enabled", "ipv4", "dns", "enabled", "example.org", four + mx},
      {"dnssec", "ipv4", "dns", "dnssec", "example.org", four + mx},
  };
  for (const auto& row : table) EXPECT_EQ(show(route_of(row, "hosts: files dns\n")), row.want) << row.name;
  const LookupCase files_only[] = {
      {"native", "ipv4", "native", "", "[example.org]", "misrouted", "example.org"},
      {"disabled", "ipv4", "dns", "disabled", "primary", "primary[192.0.2.10]:25", "primary"},
      {"MX records are looked up", "ipv4", "native", "", "example.org",
       "mx1.example.org[192.0.2.11]:25" + mx},
  };
  for (const auto& row : files_only)
    EXPECT_EQ(show(route_of(row, "hosts:  files # dns\n")), row.want) << row.name;
}

/// Says of what it is told that it is past its time.
class OldResolver final : public Resolver {
 public:
  OldResolver(Resolver& resolver, std::string name) : resolver_(resolver), name_(std::move(name)) {}
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override {
    return aged(name, resolver_.lookup(name, type, deadline));
  }
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) override {
    auto answers = resolver_.lookup_all(lookups, deadline);
    for (std::size_t i = 0; i < answers.size(); ++i)
      answers[i] = aged(lookups[i].name, std::move(answers[i]));
    return answers;
  }

 private:
  DnsAnswer aged(std::string_view name, DnsAnswer answer) const {
    answer.stale = name == name_;
    if (answer.stale) answer.why = "it is old";
    return answer;
  }
  Resolver& resolver_;
  const std::string name_;
};

TEST(Route, AnEndpointIsStaleWhereAnyAnswerThatLedToItIs) {
  struct Row {
    const char *name, *next_hop, *old;
    std::vector<std::string> zone;
    std::string want;
  };
  const Row rows[] = {
      {"nothing", "d.example", "", {"d.example MX 10 mx1.example.org"}, "192.0.2.1:25"},
      {"the MX records",
       "d.example",
       "d.example",
       {"d.example MX 10 mx1.example.org", "d.example MX 10 192.0.2.7"},
       "192.0.2.1:25 stale 192.0.2.7:25 stale"},
      {"an address",
       "d.example",
       "mx1.example.org",
       {"d.example MX 10 mx1.example.org", "d.example MX 20 mx3.example.org"},
       "192.0.2.1:25 stale 192.0.2.3:25"},
      {"an address without MX records", "[mx1.example.org]", "mx1.example.org", {}, "192.0.2.1:25 stale"},
      {"that there are no MX records", "mx1.example.org:25", "mx1.example.org", {}, "192.0.2.1:25 stale"},
      {"MX records that lead nowhere any more: the DNS has not said so of the domain",
       "d.example",
       "d.example",
       {"d.example MX 10 gone.example"},
       "unavailable"},
      {"MX records that led to ourselves",
       "d.example",
       "d.example",
       {"d.example MX 10 mx2.example.org"},
       "unavailable"},
  };
  for (const Row& row : rows) {
    StoppedClock clock;
    FakeResolver dns{[&](SteadyTime deadline) { clock.pass_until(deadline); }};
    for (const auto& line : hosts) dns.add(line);
    for (const auto& line : row.zone) dns.add(line);
    OldResolver old(dns, row.old);
    const auto hops = parse_next_hops(row.next_hop);
    ASSERT_TRUE(hops) << row.name;
    const Route route = find_route(*hops, settings(), OwnAddresses({ip("192.0.2.9")}), old, no_hosts, clock,
                                   clock.now() + 8s);
    std::string got;
    for (const Endpoint& endpoint : route.endpoints)
      got += (got.empty() ? "" : " ") + endpoint.key() + (endpoint.stale ? " stale" : "");
    if (route.endpoints.empty()) got = to_string(route.trouble);
    EXPECT_EQ(got, row.want) << row.name << ": " << route.why;
  }
}

}  // namespace
}  // namespace fallbackmx
