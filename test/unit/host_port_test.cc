#include "probe/mail/host_port.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(HostPort, APortIsANumberFrom1To65535) {
  EXPECT_EQ(parse_port("1"), 1);
  EXPECT_EQ(parse_port("65535"), 65535);
  for (const auto* text : {"", "0", "65536", "4294967321", "-1", "+25", " 25", "25 ", "25x", "0x19", "smtp"})
    EXPECT_FALSE(parse_port(text)) << text;
}

/// `host port`, `[host] port`, `host -` without a port; or what is wrong.
std::string split(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts) return parts.error();
  const std::string host(parts->host);
  return (parts->bracketed ? '[' + host + ']' : host) + ' ' + std::string(parts->port.value_or("-"));
}

TEST(HostPort, AHostStandsBeforeTheColonOrInBrackets) {
  const struct {
    const char *name, *in, *want;
  } table[] = {
      {"a host", "mx.example.org", "mx.example.org -"},
      {"with a port", "mx.example.org:25", "mx.example.org 25"},
      {"with a service", "mx.example.org:smtp", "mx.example.org smtp"},
      {"with nothing behind the colon", "mx.example.org:", "mx.example.org "},
      {"in brackets", "[mx.example.org]", "[mx.example.org] -"},
      {"in brackets with a port", "[mx.example.org]:25", "[mx.example.org] 25"},
      {"IPv6", "[2001:db8::1]:25", "[2001:db8::1] 25"},
      {"nothing", "", " -"},
      {"a port alone", ":25", " 25"},
      {"IPv6 without brackets", "2001:db8::1", "neither host nor host:port; an IPv6 address needs brackets"},
      {"two ports", "host:25:26", "neither host nor host:port; an IPv6 address needs brackets"},
      {"no closing bracket", "[2001:db8::1", "a closing bracket is missing"},
      {"rubbish behind the bracket", "[::1]25", "after the bracket only :port can follow"},
  };
  for (const auto& row : table) EXPECT_EQ(split(row.in), row.want) << row.name;
}

std::string read(std::string_view text, std::optional<std::uint16_t> usual = {}) {
  const auto place = parse_address_port(text, usual);
  return place ? place->text() : place.error();
}

TEST(HostPort, AnAddressWithAPortIsWrittenAsItIsRead) {
  for (const auto* text : {"192.0.2.1:53", "[2001:db8::1]:9825"}) EXPECT_EQ(read(text), text);
  EXPECT_EQ(read("[192.0.2.1]:53"), "192.0.2.1:53") << "brackets do no harm";
}

TEST(HostPort, WithoutAPortItIsTheUsualOneOrNothing) {
  EXPECT_EQ(read("192.0.2.1", 53), "192.0.2.1:53");
  EXPECT_EQ(read("2001:db8::1", 53), "[2001:db8::1]:53");
  EXPECT_EQ(read("[2001:db8::1]", 53), "[2001:db8::1]:53");
  EXPECT_EQ(read("192.0.2.1:5353", 53), "192.0.2.1:5353");
  EXPECT_EQ(read("192.0.2.1"), "\"192.0.2.1\": there is no port");
  EXPECT_EQ(read("[2001:db8::1]"), "\"[2001:db8::1]\": there is no port");
}

TEST(HostPort, WhatIsNoAddressWithAPortIsNamed) {
  const struct {
    const char *in, *why;
  } table[] = {
      {"ns.example.org:53", "not an address"},
      {":53", "not an address"},
      {"[]:53", "not an address"},
      {"192.0.2.1:", "a port is a number"},
      {"192.0.2.1:0", "a port is a number"},
      {"[::1]:65536", "a port is a number"},
      {"2001:db8::1", "needs brackets"},
      {"[::1", "closing bracket"},
      {"", "not an address"},
  };
  for (const auto& row : table) {
    const auto place = parse_address_port(row.in);
    ASSERT_FALSE(place) << row.in;
    EXPECT_NE(place.error().find(row.why), std::string::npos) << place.error();
  }
}

}  // namespace
}  // namespace fallbackmx
