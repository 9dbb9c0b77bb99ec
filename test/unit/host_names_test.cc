#include "milter/rules/host_names.h"

#include <gtest/gtest.h>

#include <string_view>

namespace fallbackmx {
namespace {

TEST(HostNames, LiteralsNeedBracketsAndATagForIpv6) {
  for (const std::string_view good :
       {"[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::1]", "[IPv6:::ffff:192.0.2.1]"}) {
    EXPECT_TRUE(valid_literal(good)) << good;
  }
  for (const std::string_view bad :
       {"[", "[]", "[192.0.2.1", "192.0.2.1]", "[192.0.2]", "[192.0.2.256]", "[2001:db8::1]", "[IPv6:]",
        "[IPv6:192.0.2.1]", "[mail.example.org]", "[192.0.2.1] x"}) {
    EXPECT_FALSE(valid_literal(bad)) << bad;
  }
}

TEST(HostNames, AddressesWithoutBrackets) {
  for (const std::string_view good : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.1"})
    EXPECT_TRUE(valid_address(good)) << good;
  for (const std::string_view bad : {"", "192.0.2", "0.1.2.3", "fe80::1%eth0", "[192.0.2.1]", "example.org"})
    EXPECT_FALSE(valid_address(bad)) << bad;
}

TEST(HostNames, OneDotAtTheEndIsDroppedTwoAreNot) {
  EXPECT_EQ(without_last_dot("example.org."), "example.org");
  EXPECT_EQ(without_last_dot("example.org.."), "example.org..");
  EXPECT_EQ(without_last_dot("."), ".");
  EXPECT_EQ(without_last_dot(""), "");
}

TEST(HostNames, AFullyQualifiedNameHasADot) {
  EXPECT_TRUE(is_fqdn("example.org", false));
  for (const std::string_view bad : {"", "localhost", "192.0.2.1", "-a.example", "a..b", "example.org."})
    EXPECT_FALSE(is_fqdn(bad, false)) << bad;
  EXPECT_FALSE(is_fqdn("\xc3\xa9.example", false));
  EXPECT_TRUE(is_fqdn("\xc3\xa9.example", true));
  EXPECT_FALSE(is_fqdn("\xff.example", true));
}

}  // namespace
}  // namespace fallbackmx
