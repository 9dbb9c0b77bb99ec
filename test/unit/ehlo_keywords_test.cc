#include "conf/ehlo_keywords.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

using Words = std::vector<std::string>;

TEST(EhloKeywordMaps, AreFoundByTheAddressOfTheServer) {
  const TemporaryFile file(
      "192.0.2.1  pipelining, STARTTLS\n[2001:DB8::1]  silent-discard\n2001:db8::2 dsn\n");
  const auto maps = EhloKeywordMaps::parse("texthash:" + file.path());
  ASSERT_TRUE(maps) << maps.error();
  const auto find = [&](const char* address) { return maps->find(boost::asio::ip::make_address(address)); };
  EXPECT_EQ(*find("192.0.2.1"), (Words{"pipelining", "STARTTLS"}));
  EXPECT_EQ(*find("2001:db8:0::1"), Words{"silent-discard"});
  EXPECT_EQ(*find("2001:db8::2"), Words{"dsn"});
  EXPECT_EQ(find("192.0.2.2"), nullptr);
  EXPECT_EQ(EhloKeywordMaps::parse("")->find(boost::asio::ip::make_address("192.0.2.1")), nullptr);
}

TEST(EhloKeywordMaps, SayWhichLineIsWrong) {
  const TemporaryFile file("192.0.2.1 dsn\nmx1.example.org starttls\n");
  const auto maps = EhloKeywordMaps::parse("texthash:" + file.path());
  ASSERT_FALSE(maps);
  EXPECT_EQ(maps.error(), file.path() +
                              ":2: \"mx1.example.org\" is not the address of a server, as in 192.0.2.1 or "
                              "2001:db8::1");
}

}  // namespace
}  // namespace fallbackmx
