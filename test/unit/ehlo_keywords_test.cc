#include "conf/tables/ehlo_keywords.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

using Words = std::vector<std::string>;

TEST(EhloKeywordMaps, AreFoundByTheAddressOfTheServer) {
  const TemporaryFile hosts("192.0.2.1  pipelining, STARTTLS\n2001:DB8::1  silent-discard\n");
  const TemporaryFile networks("198.51.100.0/24  starttls\n2001:db8:1::/48 dsn\n");
  const auto maps = EhloKeywordMaps::parse("hash:" + hosts.path() + ", cidr:" + networks.path());
  ASSERT_TRUE(maps) << maps.error();
  const auto find = [&](const char* address) { return maps->find(boost::asio::ip::make_address(address)); };
  EXPECT_EQ(find("192.0.2.1"), (Words{"pipelining", "STARTTLS"}));
  EXPECT_EQ(find("2001:db8:0::1"), Words{"silent-discard"});
  EXPECT_EQ(find("198.51.100.7"), Words{"starttls"});
  EXPECT_EQ(find("2001:db8:1::7"), Words{"dsn"});
  EXPECT_EQ(find("192.0.2.2"), std::nullopt);
  EXPECT_EQ(EhloKeywordMaps::parse("")->find(boost::asio::ip::make_address("192.0.2.1")), std::nullopt);
}

TEST(EhloKeywordMaps, SayWhichLineIsWrong) {
  for (const char* key : {"mx1.example.org", "[192.0.2.1]", "2001:db8:0::1"}) {
    const TemporaryFile file("192.0.2.1 dsn\n" + std::string(key) + " starttls\n");
    const auto maps = EhloKeywordMaps::parse("texthash:" + file.path());
    ASSERT_FALSE(maps) << key;
    EXPECT_EQ(maps.error(), file.path() + ":2: \"" + key +
                                "\" is not the address of a server, as in 192.0.2.1 or 2001:db8::1");
  }
}

}  // namespace
}  // namespace fallbackmx
