#include "probe/dns/dns.h"

#include <gtest/gtest.h>

#include "probe/mail/host_name.h"

namespace fallbackmx {
namespace {

TEST(Dns, ANameIsAHostNameWhereItIsOneForPostfix) {
  const struct {
    const char* name;
    std::string in;
    bool want;
  } table[] = {
      {"plain", "mx1.example.org", true},
      {"one label", "localhost", true},
      {"underscore", "_25._tcp.mx1.example.org", true},
      {"digits in some label", "1.example", true},
      {"upper case", "MX1.Example.ORG", true},
      {"an A-label", "xn--mnchen-3ya.example", true},
      {"label of 63", std::string(63, 'a') + ".example", true},
      {"label of 64", std::string(64, 'a') + ".example", false},
      {"255 bytes",
       std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
           std::string(63, 'd'),
       true},
      {"256 bytes",
       std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
           std::string(62, 'd') + ".e",
       false},
      {"empty", "", false},
      {"trailing dot", "example.org.", false},
      {"leading dot", ".example.org", false},
      {"empty label", "mx1..example.org", false},
      {"leading hyphen", "-mx.example.org", false},
      {"trailing hyphen", "mx-.example.org", false},
      {"hyphen at the very end", "example.org-", false},
      {"an IPv4 address", "192.0.2.1", false},
      {"digits alone", "4711", false},
      {"an IPv6 address", "2001:db8::1", false},
      {"space", "mx 1.example.org", false},
      {"UTF-8", "m\xc3\xbcnchen.example", false},
      {"NUL", std::string("a\0b", 3), false},
      {"escape", "a\\046b.example", false},
  };
  for (const auto& row : table) EXPECT_EQ(valid_hostname(row.in), row.want) << row.name;
}

DnsAnswer answer(DnsAnswer::Status status, std::vector<MxRecord> mx = {},
                 std::string canonical = "example.org") {
  DnsAnswer out;
  out.status = status;
  out.mx = std::move(mx);
  out.canonical = std::move(canonical);
  return out;
}

TEST(Dns, AnswersRankAsInPostfix) {
  using Status = DnsAnswer::Status;
  const struct {
    const char* name;
    RecordType type;
    DnsAnswer in;
    DnsRank want;
  } table[] = {
      {"an MX host", RecordType::mx, answer(Status::ok, {{10, "mx1.example.org"}}), DnsRank::ok},
      {"a null MX", RecordType::mx, answer(Status::ok, {{0, ""}}), DnsRank::null_mx},
      {"a null MX beside another", RecordType::mx, answer(Status::ok, {{10, "mx1.example.org"}, {20, ""}}),
       DnsRank::null_mx},
      {"a malformed MX host", RecordType::mx, answer(Status::ok, {{10, "mx\\0321.example.org"}}),
       DnsRank::malformed},
      {"one good among malformed", RecordType::mx,
       answer(Status::ok, {{10, "-bad.example"}, {20, "mx.example"}}), DnsRank::ok},
      {"a numeric MX host", RecordType::mx, answer(Status::ok, {{10, "192.0.2.1"}}), DnsRank::ok},
      {"a numeric MX host, IPv6", RecordType::mx, answer(Status::ok, {{10, "2001:db8::1"}}), DnsRank::ok},
      {"a malformed CNAME target", RecordType::a, answer(Status::ok, {}, "-bad.example"), DnsRank::malformed},
      {"an address", RecordType::a, answer(Status::ok), DnsRank::ok},
      {"a TLSA record", RecordType::tlsa, answer(Status::ok, {}, "_25._tcp.mx.example"), DnsRank::ok},
      {"no such record", RecordType::mx, answer(Status::no_data), DnsRank::not_found},
      {"no such name", RecordType::aaaa, answer(Status::nx_domain), DnsRank::not_found},
      {"no answer", RecordType::mx, answer(Status::temporary), DnsRank::temporary},
  };
  for (const auto& row : table) {
    EXPECT_EQ(static_cast<int>(rank(row.type, row.in)), static_cast<int>(row.want)) << row.name;
  }
}

}  // namespace
}  // namespace fallbackmx
