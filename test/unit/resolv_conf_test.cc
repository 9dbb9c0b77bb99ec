#include "probe/dns/resolv_conf.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "test/fake/jump_clock.h"

namespace fallbackmx {
namespace {

/// `127.0.0.1:53 [::1]:53 2000ms x2 rotate tcp`
std::string show(const ResolvConf& conf) {
  std::string out;
  for (const auto& server : conf.servers) out += server.text() + " ";
  out += std::to_string(conf.timeout.count()) + "ms x" + std::to_string(conf.attempts);
  return out + (conf.rotate ? " rotate" : "") + (conf.tcp ? " tcp" : "");
}

TEST(ResolvConf, IsReadAsByLibc) {
  const struct {
    const char *name, *in, *want;
  } table[] = {
      {"an empty file means this machine", "", "127.0.0.1:53 2000ms x2"},
      {"servers in order", "nameserver 192.0.2.53\nnameserver 2001:db8::53\n",
       "192.0.2.53:53 [2001:db8::53]:53 2000ms x2"},
      {"a last line without its end", "nameserver 192.0.2.53", "192.0.2.53:53 2000ms x2"},
      {"tabs, comments, the unknown",
       "# made by hand\n; too\nsearch a.example\nfoo bar\nnameserver\t192.0.2.53 # x\n",
       "192.0.2.53:53 2000ms x2"},
      {"carriage returns", "nameserver 192.0.2.53\r\noptions rotate\r\n", "192.0.2.53:53 2000ms x2 rotate"},
      {"no address", "nameserver ns.example.org\n", "127.0.0.1:53 2000ms x2"},
      {"options",
       "nameserver 192.0.2.53\noptions timeout:3 attempts:4 rotate use-vc edns0 trust-ad ndots:2\n",
       "192.0.2.53:53 3000ms x4 rotate tcp"},
      {"options out of bounds", "options timeout:0 attempts:100\n", "127.0.0.1:53 1000ms x5"},
      {"options that are none", "options timeout: attempts:x rotates\n", "127.0.0.1:53 2000ms x2"},
      {"a server commented out", "#nameserver 192.0.2.53\n", "127.0.0.1:53 2000ms x2"},
  };
  for (const auto& row : table) EXPECT_EQ(show(parse_resolv_conf(row.in)), row.want) << row.name;
}

TEST(ResolvConf, ALinkLocalServerKeepsItsInterface) {
  const auto conf = parse_resolv_conf("nameserver fe80::1%lo\n");
  ASSERT_EQ(conf.servers.size(), 1u);
  EXPECT_NE(conf.servers[0].address.to_v6().scope_id(), 0u);
}

TEST(ResolvConf, NameServersOfOurOwnMayHaveAPort) {
  const struct {
    const char *name, *in, *want;
  } table[] = {
      {"IPv4", "127.0.0.1", "127.0.0.1:53"},
      {"IPv4 with a port", "127.0.0.1:5353", "127.0.0.1:5353"},
      {"IPv6", "::1", "[::1]:53"},
      {"IPv6 in brackets", "[::1]", "[::1]:53"},
      {"IPv6 with a port", "[::1]:5353", "[::1]:5353"},
      {"a name", "ns.example.org", ""},
      {"no port", "127.0.0.1:", ""},
      {"port 0", "127.0.0.1:0", ""},
      {"port 65536", "[::1]:65536", ""},
      {"rubbish behind the bracket", "[::1]x53", ""},
      {"no closing bracket", "[::1", ""},
      {"nothing", "", ""},
  };
  for (const auto& row : table) {
    const auto server = parse_name_server(row.in);
    EXPECT_EQ(server ? server->text() : "", row.want) << row.name;
    EXPECT_TRUE(server || server.error().find("name server \"") == 0) << row.name;
  }
}

class ResolvConfFileTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "resolv.conf." + std::to_string(getpid());
    write("nameserver 192.0.2.1\n");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  /// By renaming, as resolvconf and NetworkManager do it.
  void write(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  std::string path_;
  JumpClock clock_;
};

TEST_F(ResolvConfFileTest, AChangeIsSeenWithinASecond) {
  ResolvConfFile file(path_, clock_);
  EXPECT_EQ(show(*file.current()), "192.0.2.1:53 2000ms x2");
  write("nameserver 192.0.2.2\n");
  clock_.jump(std::chrono::seconds(1));
  EXPECT_EQ(show(*file.current()), "192.0.2.2:53 2000ms x2");
}

TEST_F(ResolvConfFileTest, AnUnchangedFileIsNotReadAgain) {
  ResolvConfFile file(path_, clock_);
  const auto first = file.current();
  clock_.jump(std::chrono::seconds(5));
  EXPECT_EQ(file.current(), first);
}

TEST_F(ResolvConfFileTest, AFileThatVanishesLeavesThingsAsTheyAre) {
  ResolvConfFile file(path_, clock_);
  file.current();
  std::filesystem::remove(path_);
  clock_.jump(std::chrono::seconds(1));
  EXPECT_EQ(show(*file.current()), "192.0.2.1:53 2000ms x2");
  write("nameserver 192.0.2.3\n");
  clock_.jump(std::chrono::seconds(1));
  EXPECT_EQ(show(*file.current()), "192.0.2.3:53 2000ms x2");
}

TEST_F(ResolvConfFileTest, WithoutAFileThisMachineIsAsked) {
  ResolvConfFile file("/nonexistent/resolv.conf", clock_);
  EXPECT_EQ(show(*file.current()), "127.0.0.1:53 2000ms x2");
}

}  // namespace
}  // namespace fallbackmx
