#include "probe/mail/next_hop.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

/// `example.org:25 [mx.example.org]:25`, or the error between < and >.
std::string show(const Result<std::vector<NextHop>>& hops) {
  if (!hops) return "<" + hops.error() + ">";
  std::string out;
  for (const auto& hop : *hops) out += (out.empty() ? "" : " ") + hop.text();
  return out;
}

TEST(NextHop, IsReadAsPostfixAndSendmailWriteIt) {
  const struct {
    const char *name, *in, *want;
  } table[] = {
      {"a domain", "example.org", "example.org"},
      {"a domain with a port still has MX records", "example.org:2525", "example.org:2525"},
      {"an empty port is the default", "example.org:", "example.org"},
      {"a service name", "example.org:submission", "example.org:587"},
      {"a service name in capitals", "[example.org]:SMTP", "[example.org]"},
      {"a host", "[mx.example.org]", "[mx.example.org]"},
      {"a host with a port", "[mx.example.org]:2525", "[mx.example.org]:2525"},
      {"capitals", "[MX.Example.ORG]", "[mx.example.org]"},
      {"a domain in UTF-8", "m\xc3\xbcnchen.example", "xn--mnchen-3ya.example"},
      {"Sendmail's trailing dot", "example.org.", "example.org"},
      {"the dot within brackets", "[mx.example.org.]", "[mx.example.org]"},
      {"IPv4", "[192.0.2.1]", "[192.0.2.1]"},
      {"IPv4 with a port", "[192.0.2.1]:2525", "[192.0.2.1]:2525"},
      {"IPv4 without brackets has no MX records", "192.0.2.1", "[192.0.2.1]"},
      {"IPv4 without brackets, with a port", "192.0.2.1:2525", "[192.0.2.1]:2525"},
      {"IPv6", "[IPv6:2001:db8::1]", "[2001:db8::1]"},
      {"IPv6 with the tag in capitals", "[IPV6:2001:DB8::1]:2525", "[2001:db8::1]:2525"},
      {"IPv6 without the tag", "[2001:db8::1]:2525", "[2001:db8::1]:2525"},
      {"several", "a.example, [b.example]:26\tc.example", "a.example [b.example]:26 c.example"},
      {"commas alone between", "a.example,,b.example,", "a.example b.example"},
      {"Sendmail's list", "[a.example]:[b.example]:[192.0.2.1]", "[a.example] [b.example] [192.0.2.1]"},
      {"Sendmail's list of IPv6", "[IPv6:2001:db8::1]:[IPv6:2001:db8::2]", "[2001:db8::1] [2001:db8::2]"},
      {"Sendmail's list of domains", "a.example:b.example.:c.example", "a.example b.example c.example"},
      {"Sendmail's list of both", "[a.example]:b.example:[c.example]", "[a.example] b.example [c.example]"},
  };
  for (const auto& row : table) EXPECT_EQ(show(parse_next_hops(row.in)), row.want) << row.name;
}

TEST(NextHop, OfLmtpIsReadAsPostfixWritesIt) {
  const struct {
    const char *name, *in, *want;
  } table[] = {
      {"a socket", "lmtp:unix:/run/dovecot/lmtp", "lmtp:unix:/run/dovecot/lmtp"},
      {"a socket below Postfix's queue directory", "lmtp:unix:private/lmtp",
       "lmtp:unix:/var/spool/postfix/private/lmtp"},
      {"host and port", "lmtp:inet:host.example:2424", "lmtp:inet:host.example:2424"},
      {"the usual port", "lmtp:inet:host.example", "lmtp:inet:host.example"},
      {"in capitals", "LMTP:INET:host.example:24", "lmtp:inet:host.example:24"},
      {"an address", "lmtp:inet:127.0.0.1:24", "lmtp:inet:127.0.0.1:24"},
      {"an IPv6 address", "lmtp:inet:[IPv6:2001:db8::1]:24", "lmtp:inet:[2001:db8::1]:24"},
      {"brackets mean nothing", "lmtp:inet:[host.example]", "lmtp:inet:host.example"},
      {"without inet:", "lmtp:host.example:24", "lmtp:inet:host.example:24"},
      {"several", "lmtp:inet:a.example, unix:/b", "lmtp:inet:a.example lmtp:unix:/b"},
      {"a host of that name", "lmtp:2424", "lmtp:2424"},
      {"the same in brackets", "[lmtp]:24", "[lmtp]:24"},
  };
  for (const auto& row : table) EXPECT_EQ(show(parse_next_hops(row.in)), row.want) << row.name;
  const NextHop hop = parse_next_hops("lmtp:inet:host.example")->front();
  EXPECT_EQ(hop.protocol, Protocol::lmtp);
  EXPECT_FALSE(hop.mx_lookup) << "LMTP knows no MX records";
  EXPECT_EQ(parse_next_hops("lmtp:2424")->front().protocol, Protocol::smtp);
}

TEST(NextHop, WhatIsNoneIsNamed) {
  const struct {
    const char *name, *in, *names;
  } table[] = {
      {"nothing", "", "no next hop"},
      {"separators", " , ", "no next hop"},
      {"no closing bracket", "[mx.example.org", "closing bracket"},
      {"rubbish behind the bracket", "[mx.example.org]25", "only :port"},
      {"an empty literal", "[]", "[]"},
      {"nothing behind lmtp:", "lmtp:", "no next hop"},
      {"a socket without a path", "lmtp:unix:", "path of the socket is missing"},
      {"a path that no socket can have",
       "lmtp:unix:/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/"
       "123456789/12345678",
       "107 bytes"},
      {"an LMTP port", "lmtp:inet:host:x", "not a port"},
      {"port 0", "example.org:0", "not a port"},
      {"port 65536", "example.org:65536", "not a port"},
      {"a port with a tail", "example.org:25x", "not a port"},
      {"an unknown service", "example.org:imap", "not a port"},
      {"IPv6 without brackets", "2001:db8::1", "needs brackets"},
      {"a tag before IPv4", "[IPv6:192.0.2.1]", "IPv6:192.0.2.1"},
      {"LMTP", "inet:host.example:24", "inet:host.example:24"},
      {"LMTP without a port", "inet:host.example", "not a port"},
      {"a socket", "unix:/run/lmtp", "not a port"},
      {"a path", "/run/lmtp", "/run/lmtp"},
      {"a malformed name", "-mx.example.org", "-mx.example.org"},
      {"the second of two", "a.example b_.ex!ample", "b_.ex!ample"},
      {"a colon alone", ":", ":"},
      {"a bracket after a colon", ":[a.example]", "begins with a colon"},
  };
  for (const auto& row : table) {
    const auto hops = parse_next_hops(row.in);
    ASSERT_FALSE(hops) << row.name << ": " << show(hops);
    EXPECT_NE(hops.error().find(row.names), std::string::npos) << row.name << ": " << hops.error();
  }
}

TEST(NextHop, ALongListIsRefused) {
  std::string list;
  for (int i = 0; i < 101; ++i) list += "a.example ";
  EXPECT_FALSE(parse_next_hops(list));
}

}  // namespace
}  // namespace fallbackmx
