#include "probe/dns/hosts_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string show(const std::vector<IpAddress>& addresses) {
  std::string all;
  for (const auto& address : addresses) all += (all.empty() ? "" : " ") + address.to_string();
  return all;
}

TEST(HostsFile, IsReadAsByTheCLibrary) {
  const HostsTable table = parse_hosts(
      "# a comment\n127.0.0.1\tlocalhost\n\n192.0.2.10 primary.lan primary # mail\r\n"
      "2001:db8::10 PRIMARY.lan\n192.0.2.10 primary.lan\nno-address primary.lan\n192.0.2.300 primary.lan\n"
      "192.0.2.12\nfe80::1%lo link.lan\n192.0.2.13 last");
  const auto of = [&](const char* name) {
    const auto found = table.find(name);
    return found == table.end() ? "none" : show(found->second);
  };
  EXPECT_EQ(of("localhost"), "127.0.0.1");
  EXPECT_EQ(of("primary.lan"), "192.0.2.10 2001:db8::10");
  EXPECT_EQ(of("primary"), "192.0.2.10");
  EXPECT_EQ(of("mail"), "none");
  EXPECT_EQ(of("last"), "192.0.2.13");
  EXPECT_EQ(of("#"), "none");
}

TEST(HostsFile, NsswitchSaysWhetherTheDnsIsBehindIt) {
  EXPECT_TRUE(names_dns(""));
  EXPECT_TRUE(names_dns("passwd: files\n"));
  EXPECT_TRUE(names_dns("hosts: files mdns4_minimal [NOTFOUND=return] dns\n"));
  EXPECT_TRUE(names_dns("hosts: files resolve [!UNAVAIL=return]\n"));
  EXPECT_FALSE(names_dns("hosts: files\n"));
  EXPECT_FALSE(names_dns("hosts: files # dns\n"));
}

TEST(HostsFile, IsReadAgainWhenItHasChanged) {
  TemporaryDirectory directory;
  HostsFile hosts(directory / "hosts", directory / "nsswitch.conf");
  EXPECT_EQ(show(hosts.find("primary.lan")), "");
  EXPECT_EQ(hosts.trouble(), "");
  EXPECT_TRUE(hosts.dns_behind());
  write(directory / "hosts", "192.0.2.1 primary.lan\n");
  write(directory / "nsswitch.conf", "hosts: files\n");
  EXPECT_EQ(show(hosts.find("Primary.LAN")), "192.0.2.1");
  EXPECT_FALSE(hosts.dns_behind());
  write(directory / "hosts", "192.0.2.22 primary.lan\n");
  EXPECT_EQ(show(hosts.find("primary.lan")), "192.0.2.22");
}

TEST(HostsFile, OneThatIsTooLongLeavesThingsAsTheyWere) {
  TemporaryDirectory directory;
  HostsFile hosts(directory / "hosts", directory / "nsswitch.conf");
  write(directory / "hosts", "192.0.2.1 primary.lan\n");
  EXPECT_EQ(show(hosts.find("primary.lan")), "192.0.2.1");
  write(directory / "hosts", std::string(HostsFile::most_bytes + 1, '#'));
  EXPECT_EQ(show(hosts.find("primary.lan")), "192.0.2.1");
  EXPECT_NE(hosts.trouble(), "");
  write(directory / "hosts", "192.0.2.2 primary.lan\n");
  EXPECT_EQ(show(hosts.find("primary.lan")), "192.0.2.2");
  EXPECT_EQ(hosts.trouble(), "");
}

}  // namespace
}  // namespace fallbackmx
