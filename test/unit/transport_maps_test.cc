#include "conf/tables/transport_maps.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

TEST(TransportMaps, TheNearestRowSaysWhereProbesGo) {
  const TemporaryFile file(
      "boss@example.org smtp:[boss.example.org]\nexample.org smtp:[mx.internal]:2525\n"
      ".example.org relay:sub.internal\nexample.net smtp:\nexample.com :[192.0.2.1]\n* "
      "smtp:[gate.internal]\n");
  const auto maps = TransportMaps::parse("texthash:" + file.path());
  ASSERT_TRUE(maps) << maps.error();
  const struct {
    const char *recipient, *want;
  } cases[] = {
      {"u@example.org", "[mx.internal]:2525"},    {"u@EXAMPLE.org", "[mx.internal]:2525"},
      {"Boss@example.org", "[boss.example.org]"}, {"u@a.example.org", "sub.internal"},
      {"u@a.b.example.org", "sub.internal"},      {"u@example.net", ""},
      {"u@example.com", "[192.0.2.1]"},           {"u@example.info", "[gate.internal]"},
  };
  for (const auto& [recipient, want] : cases)
    EXPECT_EQ(maps->find(*Address::parse(recipient)).value_or("none"), want) << recipient;
}

TEST(TransportMaps, ALmtpTransportIsHandedOnAsOne) {
  const TemporaryFile file(
      "example.org lmtp:unix:/run/lmtp\nexample.net LMTP:inet:127.0.0.1:24\nexample.com lmtp:\n");
  const auto maps = TransportMaps::parse("texthash:" + file.path());
  ASSERT_TRUE(maps) << maps.error();
  EXPECT_EQ(maps->find(*Address::parse("u@example.org")), "lmtp:unix:/run/lmtp");
  EXPECT_EQ(maps->find(*Address::parse("u@example.net")), "lmtp:inet:127.0.0.1:24");
  EXPECT_EQ(maps->find(*Address::parse("u@example.com")), "lmtp:example.com");
}

TEST(TransportMaps, WithoutARowNothingIsSaid) {
  const TemporaryFile file("example.org smtp:[mx.internal]\n");
  EXPECT_FALSE(TransportMaps::parse("texthash:" + file.path())->find(*Address::parse("u@example.net")));
  EXPECT_FALSE(TransportMaps::parse("")->find(*Address::parse("u@example.net")));
}

TEST(TransportMaps, WhatCannotBeAskedIsAnError) {
  const struct {
    const char *text, *want;
  } cases[] = {
      {"a smtp:b\nexample.org virtual:\n",
       ":2: \"virtual:\": transport virtual speaks no SMTP, and cannot be asked"},
      {"example.org mx.internal\n",
       ":1: \"mx.internal\": write transport:next-hop, as in smtp:[mx.example.org]"},
  };
  for (const auto& [text, want] : cases) {
    const TemporaryFile file(text);
    const auto maps = TransportMaps::parse("texthash:" + file.path());
    ASSERT_FALSE(maps);
    EXPECT_EQ(maps.error(), file.path() + want);
  }
}

TEST(TransportMaps, PatternsAreAskedAboutTheWholeAddressAndMayMakeANextHop) {
  const TemporaryFile file("/^.*@(one|two)\\.example$/ smtp:[mx.$1.example]\n");
  const auto maps = TransportMaps::parse("inline:{ { one.example = relay:[first] } } pcre:" + file.path());
  ASSERT_TRUE(maps) << maps.error();
  EXPECT_EQ(maps->find(*Address::parse("u@two.example")), "[mx.two.example]");
  EXPECT_EQ(maps->find(*Address::parse("u@one.example")), "[mx.one.example]")
      << "the whole address comes first";
  EXPECT_FALSE(maps->find(*Address::parse("u@three.example")));
  EXPECT_EQ(maps->next_hops().size(), 1u);
}

}  // namespace
}  // namespace fallbackmx
