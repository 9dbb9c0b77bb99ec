#include "probe/dns/mx.h"

#include <gtest/gtest.h>

#include <sstream>

#include "test/unit/ip.h"

namespace fallbackmx {
namespace {

/// `10 192.0.2.1:25, 20 [2001:db8::1]:25`: endpoints as one would write them down.
std::vector<Endpoint> endpoints(const std::string& text) {
  std::vector<Endpoint> out;
  std::istringstream in(text);
  int preference;
  std::string address;
  while (in >> preference >> address) {
    if (address.ends_with(',')) address.pop_back();
    Endpoint endpoint{"mx.example.org", {}, 25, preference, false};
    if (const auto hash = address.find('#'); hash != std::string::npos) {
      endpoint.port = static_cast<std::uint16_t>(std::stoi(address.substr(hash + 1)));
      address.resize(hash);
    }
    endpoint.address = ip(address);
    out.push_back(endpoint);
  }
  return out;
}

std::string show(const std::vector<Endpoint>& list) {
  std::string out;
  for (const auto& e : list) {
    out += (out.empty() ? "" : ", ") + std::to_string(e.preference) + " " + e.address.to_string();
    if (e.port != 25) out += "#" + std::to_string(e.port);
  }
  return out;
}

TEST(Mx, WhatIsNoBetterThanOurselvesIsDropped) {
  const OwnAddresses own({ip("192.0.2.9"), ip("2001:db8::9")});
  const struct {
    const char *name, *in, *want;
    bool self;
  } table[] = {
      {"nobody", "", "", false},
      {"not among them", "10 192.0.2.1, 20 192.0.2.2", "10 192.0.2.1, 20 192.0.2.2", false},
      {"behind the primary", "10 192.0.2.1, 20 192.0.2.9", "10 192.0.2.1", true},
      {"worse ones too", "10 192.0.2.1, 20 192.0.2.9, 30 192.0.2.3", "10 192.0.2.1", true},
      {"equals too", "10 192.0.2.1, 20 192.0.2.2, 20 192.0.2.9", "10 192.0.2.1", true},
      {"the best", "10 192.0.2.9, 20 192.0.2.2", "", true},
      {"alone", "10 192.0.2.9", "", true},
      {"by IPv6", "10 2001:db8::1, 20 2001:db8::9, 20 192.0.2.7", "10 2001:db8::1", true},
      {"mapped", "10 192.0.2.1, 20 ::ffff:192.0.2.9", "10 192.0.2.1", true},
      {"the better of our two", "10 192.0.2.1, 15 192.0.2.5, 20 192.0.2.9, 30 2001:db8::9",
       "10 192.0.2.1, 15 192.0.2.5", true},
      {"another port is another server", "10 192.0.2.9#2525, 20 192.0.2.2#2525",
       "10 192.0.2.9#2525, 20 192.0.2.2#2525", false},
      {"the unspecified address reaches ourselves", "0 0.0.0.0, 10 192.0.2.2", "", true},
  };
  for (const auto& row : table) {
    auto list = endpoints(row.in);
    EXPECT_EQ(eliminate_self(list, own), row.self) << row.name;
    EXPECT_EQ(show(list), row.want) << row.name;
  }
}

TEST(Mx, TheOrderIsThatOfPreferenceThenFamily) {
  using P = AddressPreference;
  const std::string mixed = "20 192.0.2.3, 10 192.0.2.1, 10 192.0.2.2, 10 2001:db8::1, 10 2001:db8::2";
  const struct {
    const char* name;
    std::string in;
    P preference;
    std::size_t limit;
    const char* want;
  } table[] = {
      {"nothing", "", P::any, 5, ""},
      {"IPv4 first", mixed, P::ipv4, 0,
       "10 192.0.2.1, 10 192.0.2.2, 10 2001:db8::1, 10 2001:db8::2, 20 192.0.2.3"},
      {"IPv6 first", mixed, P::ipv6, 0,
       "10 2001:db8::1, 10 2001:db8::2, 10 192.0.2.1, 10 192.0.2.2, 20 192.0.2.3"},
      {"in turn", mixed, P::any, 0,
       "10 2001:db8::1, 10 192.0.2.1, 10 2001:db8::2, 10 192.0.2.2, 20 192.0.2.3"},
      {"no more than the limit", mixed, P::any, 3, "10 2001:db8::1, 10 192.0.2.1, 10 2001:db8::2"},
      {"no family crowds out the other", mixed, P::ipv6, 2, "10 2001:db8::1, 10 192.0.2.1"},
      {"half of the limit, and the odd one for the first", mixed, P::ipv4, 3,
       "10 192.0.2.1, 10 192.0.2.2, 10 2001:db8::1"},
      {"a single place is for the best", mixed, P::ipv4, 1, "10 192.0.2.1"},
      {"what the other does not need", mixed + ", 20 192.0.2.4, 20 192.0.2.5", P::ipv6, 6,
       "10 2001:db8::1, 10 2001:db8::2, 10 192.0.2.1, 10 192.0.2.2, 20 192.0.2.3, 20 192.0.2.4"},
      {"one family runs out", "10 192.0.2.1, 10 192.0.2.2, 10 2001:db8::1", P::any, 0,
       "10 2001:db8::1, 10 192.0.2.1, 10 192.0.2.2"},
      {"an address of two hosts once", "10 192.0.2.1, 20 192.0.2.1, 20 192.0.2.2", P::any, 0,
       "10 192.0.2.1, 20 192.0.2.2"},
      {"duplicates do not count", "10 192.0.2.1, 10 192.0.2.1, 20 192.0.2.2", P::any, 2,
       "10 192.0.2.1, 20 192.0.2.2"},
      {"the order of DNS is kept", "10 192.0.2.2, 10 192.0.2.1", P::ipv4, 0, "10 192.0.2.2, 10 192.0.2.1"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(show(in_order(endpoints(row.in), row.preference, row.limit)), row.want) << row.name;
  }
}

TEST(Mx, OwnAddressesAreThoseOfTheParameters) {
  const auto own = OwnAddresses::of({"192.0.2.9", "[2001:db8::9]", "mx.example.org"}, {"198.51.100.9"});
  for (const auto* ours : {"192.0.2.9", "2001:db8::9", "198.51.100.9", "::ffff:192.0.2.9", "0.0.0.0", "::"}) {
    EXPECT_TRUE(own.contains(ip(ours))) << ours;
  }
  for (const auto* other : {"192.0.2.1", "127.0.0.1", "2001:db8::1"}) {
    EXPECT_FALSE(own.contains(ip(other))) << other;
  }
}

TEST(Mx, AllInterfacesIncludeTheLoopback) {
  const auto own = OwnAddresses::of({"all"}, {});
  EXPECT_TRUE(own.contains(ip("127.0.0.1")));
  EXPECT_FALSE(own.contains(ip("192.0.2.1")));
}

TEST(Mx, LoopbackOnlyIsTheLoopbackOfBothFamilies) {
  const auto own = OwnAddresses::of({"loopback-only"}, {});
  EXPECT_TRUE(own.contains(ip("127.0.0.1")));
  EXPECT_TRUE(own.contains(ip("::1")));
}

}  // namespace
}  // namespace fallbackmx
