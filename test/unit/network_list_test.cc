#include "conf/tables/network_list.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

bool contains(const NetworkList& list, const std::string& address) {
  return list.contains(boost::asio::ip::make_address(address));
}

TEST(NetworkList, MatchesAsPostfixDoes) {
  struct {
    std::string list, address;
    bool want;
  } const cases[] = {
      {"", "127.0.0.1", false},
      {"127.0.0.0/8", "127.1.2.3", true},
      {"127.0.0.0/8", "128.0.0.1", false},
      {"127.0.0.0/8, [::1]/128", "::1", true},
      {"127.0.0.0/8 [::1]/128", "::2", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.4/31", "192.0.2.5", true},
      {"192.0.2.4/31", "192.0.2.6", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"[2001:db8::]/33", "2001:db8:8000::1", false},
      {"[2001:db8::/32]", "2001:db8::1", true},
      {"[2001:db8::1]", "2001:db8::1", true},
      {"cafe::/16", "cafe::1", true},
      // First match wins.
      {"!192.0.2.7, 192.0.2.0/24", "192.0.2.7", false},
      {"!192.0.2.7, 192.0.2.0/24", "192.0.2.8", true},
      {"192.0.2.0/24, !192.0.2.7", "192.0.2.7", true},
      {"!!192.0.2.7", "192.0.2.7", true},
      // IPv4 in IPv6 clothes.
      {"192.0.2.0/24", "::ffff:192.0.2.9", true},
      {"[::ffff:192.0.2.0]/120", "192.0.2.9", true},
      {"[::ffff:192.0.2.0]/120", "192.0.3.9", false},
  };
  for (const auto& [text, address, want] : cases) {
    const auto list = NetworkList::parse(text);
    ASSERT_TRUE(list) << text << ": " << list.error();
    EXPECT_EQ(contains(*list, address), want) << text << " and " << address;
    EXPECT_EQ(list->text(), text);
  }
}

TEST(NetworkList, WhatIsNoNetworkIsAnError) {
  const std::string no = " is not an address or a network (names of hosts are not looked up)";
  struct {
    std::string in, want;
  } const cases[] = {
      {"192.0.2.1/24", "\"192.0.2.1/24\" has bits set after the first 24; did you mean 192.0.2.0/24?"},
      {"[2001:db8::1]/64",
       "\"[2001:db8::1]/64\" has bits set after the first 64; did you mean 2001:db8::/64?"},
      {"192.0.2.0/33", "\"192.0.2.0/33\"" + no},
      {"192.0.2.0/", "\"192.0.2.0/\"" + no},
      {"192.0.2.0/-1", "\"192.0.2.0/-1\"" + no},
      {"192.0.2", "\"192.0.2\"" + no},
      {"127/8", "\"127/8\"" + no},
      {"host.example.org", "\"host.example.org\"" + no},
      {"[::1", "\"[::1\"" + no},
      {"fe80::1%lo", "\"fe80::1%lo\"" + no},
      {"192.0.2.1, !", "\"!\": nothing after \"!\""},
      {"/nonexistent/networks", "cannot read /nonexistent/networks: No such file or directory"},
      {"cidr:/etc/n", "cidr:/etc/n: cannot read /etc/n: No such file or directory"},
  };
  for (const auto& [in, want] : cases) {
    const auto list = NetworkList::parse(in);
    ASSERT_FALSE(list) << in;
    EXPECT_EQ(list.error(), want);
  }
}

TEST(NetworkList, FilesHoldItemsInTheirPlace) {
  const TemporaryFile file(
      "# ours\n192.0.2.0/24 198.51.100.0/24\n\n  !203.0.113.1 # not that one\n203.0.113.0/24\n");
  const auto list = NetworkList::parse("!192.0.2.7, " + file.path());
  ASSERT_TRUE(list) << list.error();
  EXPECT_FALSE(contains(*list, "192.0.2.7"));
  EXPECT_TRUE(contains(*list, "192.0.2.8"));
  EXPECT_TRUE(contains(*list, "198.51.100.1"));
  EXPECT_FALSE(contains(*list, "203.0.113.1"));
  EXPECT_TRUE(contains(*list, "203.0.113.2"));

  const auto negated = NetworkList::parse("!" + file.path() + ", 0.0.0.0/0");
  ASSERT_TRUE(negated) << negated.error();
  EXPECT_FALSE(contains(*negated, "192.0.2.8"));
  EXPECT_TRUE(contains(*negated, "203.0.113.1"));
  EXPECT_TRUE(contains(*negated, "8.8.8.8"));
}

TEST(NetworkList, AMistakeInAFileNamesFileAndLine) {
  const TemporaryFile file("192.0.2.0/24\n\n192.0.2.1/24\n");
  const auto list = NetworkList::parse(file.path());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error(),
            file.path() + ":3: \"192.0.2.1/24\" has bits set after the first 24; did you mean 192.0.2.0/24?");
}

TEST(NetworkList, TablesHoldAddressesOnly) {
  const TemporaryFile good("192.0.2.1 OK\n2001:db8::1 OK\n"), bad("192.0.2.1 OK\n192.0.2.0/24 OK\n");
  const auto list = NetworkList::parse("hash:" + good.path());
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(contains(*list, "192.0.2.1"));
  EXPECT_TRUE(contains(*list, "2001:db8::1"));
  EXPECT_FALSE(contains(*list, "192.0.2.2"));
  const auto networks = NetworkList::parse("texthash:" + bad.path());
  ASSERT_FALSE(networks);
  EXPECT_EQ(
      networks.error(),
      bad.path() +
          ":2: \"192.0.2.0/24\": this table is looked up by address, so that a network in it "
          "never matches; write networks into a table of type cidr:, or into a file that is named as /file");
}

TEST(NetworkList, FilesThatNameEachOtherEnd) {
  const TemporaryFile file("192.0.2.1\n");
  const TemporaryFile outer(file.path() + "\n");
  EXPECT_TRUE(NetworkList::parse(outer.path()));
  // A file that names itself.
  const TemporaryFile circle("");
  {
    std::FILE* out = std::fopen(circle.path().c_str(), "w");
    ASSERT_NE(out, nullptr);
    std::fputs((circle.path() + "\n").c_str(), out);
    std::fclose(out);
  }
  const auto list = NetworkList::parse(circle.path());
  ASSERT_FALSE(list);
  EXPECT_TRUE(list.error().ends_with("files name files too deeply; in a circle?")) << list.error();
}

TEST(NetworkList, TablesOfNetworksAreAskedInTheirPlace) {
  const TemporaryFile file("if 192.0.2.0/24\n!192.0.2.128/25 low\nendif\n2001:db8::/32 six\n");
  const auto list = NetworkList::parse("!192.0.2.7 cidr:" + file.path() + " 198.51.100.0/24");
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(contains(*list, "192.0.2.8"));
  EXPECT_TRUE(contains(*list, "::ffff:192.0.2.8"));
  EXPECT_FALSE(contains(*list, "192.0.2.7"));
  EXPECT_FALSE(contains(*list, "192.0.2.200"));
  EXPECT_TRUE(contains(*list, "2001:db8::9"));
  EXPECT_TRUE(contains(*list, "198.51.100.1"));
  EXPECT_FALSE(contains(*list, "203.0.113.1"));
}

}  // namespace
}  // namespace fallbackmx
