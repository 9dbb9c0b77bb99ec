#include "probe/dns/dns_packet.h"

#include <gtest/gtest.h>

#include "test/fake/dns_wire.h"

namespace fallbackmx {
namespace {

using Kind = DnsReply::Kind;

/// All that a reply says, in one line.
std::string show(const DnsReply& reply) {
  static const char* kinds[] = {"foreign", "truncated", "no_edns", "trouble", "answer"};
  static const char* statuses[] = {"ok", "no_data", "nx_domain", "temporary"};
  std::string out = kinds[static_cast<int>(reply.kind)];
  if (!reply.why.empty()) out += ": " + reply.why;
  if (reply.kind != Kind::answer) return out;
  const auto& answer = reply.answer;
  out = statuses[static_cast<int>(answer.status)];
  out += " " + std::to_string(answer.ttl.count()) + "s " + answer.canonical;
  if (reply.authentic_data) out += " AD";
  if (!reply.ask_on.empty()) out += " ask on " + reply.ask_on;
  for (const auto& mx : answer.mx) out += " | " + std::to_string(mx.preference) + " " + mx.host + ".";
  for (const auto& address : answer.addresses) out += " | " + address.to_string();
  for (const auto& tlsa : answer.tlsa) {
    out += " | " + std::to_string(tlsa.usage) + " " + std::to_string(tlsa.selector) + " " +
           std::to_string(tlsa.matching) + " of " + std::to_string(tlsa.data.size()) + " bytes";
  }
  return out;
}

const DnsQuestion question{0x1234, "example.org", RecordType::mx, true};

TEST(DnsPacket, AQuerySaysWhatIsAskedForAndThatAuthenticityMatters) {
  const auto query = read_query(build_query(question));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, 0x1234);
  EXPECT_EQ(query->question, "example.org MX");
  EXPECT_FALSE(query->reply);
  EXPECT_TRUE(query->ad);
  EXPECT_TRUE(query->edns);
  const auto plain = read_query(build_query({1, "example.org", RecordType::aaaa, false}));
  EXPECT_EQ(plain->question, "example.org AAAA");
  EXPECT_FALSE(plain->edns);
}

TEST(DnsPacket, AQueryAsksForTheLengthThatPassesEverywhere) {
  const std::string bytes = build_query(question);
  const std::string opt("\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);  // root, OPT, 1232, DO
  EXPECT_EQ(bytes.substr(bytes.size() - opt.size()), opt);
}

TEST(DnsPacket, ANameThatIsNoneCannotBeAsked) {
  EXPECT_THROW(build_query({1, std::string(70, 'a') + ".example", RecordType::a, true}),
               std::invalid_argument);
}

TEST(DnsPacket, OnlyAReplyToThisQuestionIsOne) {
  WirePacket good{
      .id = 0x1234, .question = "example.org MX", .answer = {"example.org MX 10 mx1.example.org"}};
  EXPECT_EQ(parse_reply(question, good.bytes()).kind, Kind::answer);
  const auto kind_with = [&](auto change) {
    WirePacket packet = good;
    change(packet);
    return parse_reply(question, packet.bytes()).kind;
  };
  EXPECT_EQ(kind_with([](auto& p) { p.question = "EXAMPLE.Org MX"; }), Kind::answer)
      << "case of the question";
  EXPECT_EQ(kind_with([](auto& p) { p.id = 0x1235; }), Kind::foreign) << "another id";
  EXPECT_EQ(kind_with([](auto& p) { p.reply = false; }), Kind::foreign) << "a query";
  EXPECT_EQ(kind_with([](auto& p) { p.opcode = 5; }), Kind::foreign) << "another opcode";
  EXPECT_EQ(kind_with([](auto& p) { p.question = "example.com MX"; }), Kind::foreign) << "another name";
  EXPECT_EQ(kind_with([](auto& p) { p.question = "example.org A"; }), Kind::foreign) << "another type";
  EXPECT_EQ(kind_with([](auto& p) { p.question = "example\\046org MX"; }), Kind::foreign)
      << "a dot in a label";
  EXPECT_EQ(kind_with([](auto& p) { p.question = ""; }), Kind::foreign) << "no question";
  EXPECT_EQ(kind_with([](auto& p) {
              p.question = "";
              p.rcode = 3;
            }),
            Kind::foreign)
      << "no question, and a no";
}

TEST(DnsPacket, EveryCutOfAPacketIsForeignOrTrouble) {
  const WirePacket packet{
      .id = 0x1234,
      .question = "example.org MX",
      .edns = true,
      .answer = {"example.org MX 10 mx1.example.org", "example.org MX 20 mx2.example.org"}};
  const std::string bytes = packet.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Kind kind = parse_reply(question, bytes.substr(0, size)).kind;
    EXPECT_TRUE(kind == Kind::foreign || kind == Kind::trouble) << size << " bytes";
  }
}

TEST(DnsPacket, APacketWithAnyByteChangedBreaksNothing) {
  const WirePacket packet{.id = 0x1234,
                          .question = "example.org MX",
                          .edns = true,
                          .answer = {"example.org CNAME a.example", "a.example MX 10 mx1.example.org"},
                          .authority = {"example.org SOA 60"}};
  const std::string bytes = packet.bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      parse_reply(question, changed);
    }
  }
}

struct Case {
  const char* name;
  WirePacket packet;
  const char* want;
};

void expect(const DnsQuestion& asked, const Case& row) {
  WirePacket packet = row.packet;
  packet.id = asked.id;
  packet.question = asked.name + " " + std::string(to_string(asked.type));
  EXPECT_EQ(show(parse_reply(asked, packet.bytes())), row.want) << row.name;
}

TEST(DnsPacket, WhatTheServerSaysOfItself) {
  const Case table[] = {
      {"no such name", {.rcode = 3, .authority = {"example.org 900 SOA 60"}}, "nx_domain 60s example.org"},
      {"SERVFAIL", {.rcode = 2}, "trouble: SERVFAIL"},
      {"REFUSED", {.rcode = 5}, "trouble: REFUSED"},
      {"NOTAUTH", {.rcode = 9}, "trouble: RCODE 9"},
      {"FORMERR may be about EDNS", {.rcode = 1}, "no_edns: FORMERR"},
      {"NOTIMP may be too", {.rcode = 4}, "no_edns: NOTIMP"},
      {"BADVERS surely is", {.rcode = 16, .edns = true}, "no_edns: BADVERS"},
      {"BADCOOKIE is not NOERROR", {.rcode = 23, .edns = true}, "trouble: RCODE 23"},
      {"truncated", {.tc = true, .answer = {"example.org MX 10 mx1.example.org"}}, "truncated"},
      {"truncated and empty", {.tc = true}, "truncated"},
      {"a referral is no \"no\"",
       {.ra = false, .authority = {"org NS a.example"}},
       "trouble: does not recurse"},
      {"an empty answer from one who does not recurse", {.ra = false}, "trouble: does not recurse"},
      {"the same from one who is responsible",
       {.aa = true, .ra = false, .authority = {"example.org SOA 60"}},
       "no_data 60s example.org"},
  };
  for (const auto& row : table) expect(question, row);
  DnsQuestion plain = question;
  plain.edns = false;
  expect(plain, {"FORMERR without EDNS", {.rcode = 1}, "trouble: FORMERR"});
  expect(plain, {"NOTIMP without EDNS", {.rcode = 4}, "trouble: NOTIMP"});
}

TEST(DnsPacket, AServerThatCannotReadTheQueryMaySendItsHeaderAlone) {
  const WirePacket header{.id = 0x1234, .rcode = 1};
  EXPECT_EQ(show(parse_reply(question, header.bytes())), "no_edns: FORMERR");
}

TEST(DnsPacket, APacketCutInTheMiddleOfARecordAndSayingSoIsTruncated) {
  const WirePacket packet{.id = 0x1234,
                          .question = "example.org MX",
                          .tc = true,
                          .answer = {"example.org MX 10 mx1.example.org"}};
  const std::string bytes = packet.bytes();
  EXPECT_EQ(show(parse_reply(question, bytes.substr(0, bytes.size() - 5))), "truncated");
}

TEST(DnsPacket, MxRecords) {
  const Case table[] = {
      {"in order of the packet",
       {.answer = {"example.org 600 MX 20 mx2.example.org", "example.org 300 MX 10 MX1.Example.ORG"}},
       "ok 300s example.org | 20 mx2.example.org. | 10 mx1.example.org."},
      {"authentic",
       {.ad = true, .answer = {"example.org MX 10 mx1.example.org"}},
       "ok 300s example.org AD | 10 mx1.example.org."},
      {"a null MX", {.answer = {"example.org MX 0 ."}}, "ok 300s example.org | 0 ."},
      {"a malformed host",
       {.answer = {"example.org MX 10 a\\032b.example"}},
       "ok 300s example.org | 10 a\\032b.example."},
      {"a dot within a label is no dot",
       {.answer = {"example.org MX 10 a\\046b.example"}},
       "ok 300s example.org | 10 a\\046b.example."},
      {"a numeric host", {.answer = {"example.org MX 10 192.0.2.1"}}, "ok 300s example.org | 10 192.0.2.1."},
      {"what was not asked for is left alone",
       {.answer = {"example.com MX 10 evil.example", "example.org A 192.0.2.66",
                   "example.org MX 10 mx1.example.org"}},
       "ok 300s example.org | 10 mx1.example.org."},
      {"another class", {.answer = {"example.org CH MX 10 mx1.example.org"}}, "trouble: malformed record"},
      {"a record too short for its type", {.answer = {"example.org RAW 15 00"}}, "trouble: malformed packet"},
      {"nothing", {.authority = {"example.org 30 SOA 3600"}}, "no_data 30s example.org"},
      {"nothing, without SOA", {}, "no_data 0s example.org"},
      {"an alias",
       {.answer = {"example.org 50 CNAME b.example", "b.example MX 10 mx.example"}},
       "ok 50s b.example | 10 mx.example."},
      {"an alias, records out of order",
       {.answer = {"b.example MX 10 mx.example", "example.org CNAME b.example"}},
       "ok 300s b.example | 10 mx.example."},
      {"an alias of nothing",
       {.rcode = 3, .answer = {"example.org CNAME b.example"}, .authority = {"example SOA 60"}},
       "nx_domain 60s b.example"},
      {"an alias without MX records",
       {.answer = {"example.org CNAME b.example"}, .authority = {"example SOA 60"}},
       "no_data 60s b.example"},
      {"an alias that leaves the packet",
       {.answer = {"example.org CNAME b.example"}},
       "no_data 300s b.example ask on b.example"},
      {"an alias of itself", {.answer = {"example.org CNAME example.org"}}, "nx_domain 300s example.org"},
      {"two aliases of each other",
       {.answer = {"example.org CNAME b.example", "b.example CNAME example.org"}},
       "nx_domain 300s example.org"},
  };
  for (const auto& row : table) expect(question, row);
}

TEST(DnsPacket, TenAliasesAreFollowedAndNoMore) {
  WirePacket packet{.id = 0x1234, .question = "example.org MX", .answer = {"example.org CNAME a1.example"}};
  const auto name = [](int i) { return "a" + std::to_string(i) + ".example"; };
  for (int i = 1; i < 10; ++i) packet.answer.push_back(name(i) + " CNAME " + name(i + 1));
  WirePacket ten = packet, eleven = packet;
  ten.answer.push_back("a10.example MX 10 mx.example");
  EXPECT_EQ(show(parse_reply(question, ten.bytes())), "ok 300s a10.example | 10 mx.example.");
  eleven.answer.push_back("a10.example CNAME a11.example");
  eleven.answer.push_back("a11.example MX 10 mx.example");
  EXPECT_EQ(parse_reply(question, eleven.bytes()).answer.status, DnsAnswer::Status::nx_domain);
}

TEST(DnsPacket, AddressesAndTlsaRecords) {
  expect({7, "mx1.example.org", RecordType::a, true},
         {"A",
          {.answer = {"mx1.example.org A 192.0.2.1", "mx1.example.org A 192.0.2.2"}},
          "ok 300s mx1.example.org | 192.0.2.1 | 192.0.2.2"});
  expect({7, "mx1.example.org", RecordType::aaaa, true},
         {"AAAA", {.answer = {"mx1.example.org AAAA 2001:db8::1"}}, "ok 300s mx1.example.org | 2001:db8::1"});
  expect({7, "mx1.example.org", RecordType::a, true}, {"an address of three bytes",
                                                       {.answer = {"mx1.example.org RAW 1 c00002"}},
                                                       "trouble: malformed packet"});
  expect({7, "_25._tcp.mx1.example.org", RecordType::tlsa, true},
         {"TLSA",
          {.answer = {"_25._tcp.mx1.example.org TLSA 3 1 1 0a0b0c0d"}},
          "ok 300s _25._tcp.mx1.example.org | 3 1 1 of 4 bytes"});
}

TEST(DnsPacket, AnAliasThatIsAskedForIsNotFollowed) {
  const DnsQuestion of_alias{7, "mx1.example.org", RecordType::cname, true};
  WirePacket packet{.id = 7, .question = "mx1.example.org CNAME"};
  packet.answer = {"mx1.example.org CNAME mx1.hoster.example"};
  const DnsAnswer answer = parse_reply(of_alias, packet.bytes()).answer;
  EXPECT_EQ(answer.status, DnsAnswer::Status::ok);
  EXPECT_EQ(answer.alias_of, "mx1.hoster.example");
  EXPECT_EQ(answer.canonical, "mx1.example.org");
}

TEST(DnsPacket, AnAnswerIsCutAtAHundredRecords) {
  WirePacket packet{.id = 0x1234, .question = "example.org MX"};
  for (int i = 0; i < 500; ++i)
    packet.answer.push_back("example.org MX 10 mx" + std::to_string(i) + ".example.org");
  EXPECT_EQ(parse_reply(question, packet.bytes()).answer.mx.size(), 100u);
}

}  // namespace
}  // namespace fallbackmx
