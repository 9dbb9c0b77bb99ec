#include "probe/dns/stale_answers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/unit/ip.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using Status = DnsAnswer::Status;

const WallTime at_nine{1'795'338'000s};

LastAnswer mx_of(const std::string& name, std::vector<MxRecord> mx, WallTime at = at_nine) {
  LastAnswer last{.name = name, .type = RecordType::mx, .answer = {}, .answered = at};
  last.answer.status = mx.empty() ? Status::no_data : Status::ok;
  last.answer.authentic = true;
  last.answer.canonical = name;
  last.answer.mx = std::move(mx);
  return last;
}

LastAnswer address_of(const std::string& name, RecordType type, const std::string& address) {
  LastAnswer last{.name = name, .type = type, .answer = {}, .answered = at_nine};
  last.answer.status = Status::ok;
  last.answer.canonical = name;
  last.answer.addresses = {ip(address)};
  return last;
}

TEST(StaleAnswers, AnAnswerIsFoundUntilItIsTooOld) {
  StaleAnswers answers;
  answers.put(mx_of("example.org", {{10, "mx1.example.org"}}));
  const auto found = answers.find("example.org", RecordType::mx, at_nine + 7 * 24h, 7 * 24h);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mx, (std::vector<MxRecord>{{10, "mx1.example.org"}}));
  EXPECT_TRUE(found->stale);
  EXPECT_FALSE(found->authentic) << "whatever it was";
  EXPECT_EQ(found->why, "its answer of 2026-11-22 09:00:00 UTC is used");
  EXPECT_FALSE(answers.find("example.org", RecordType::mx, at_nine + 7 * 24h + 1s, 7 * 24h));
  EXPECT_FALSE(answers.find("example.org", RecordType::a, at_nine, 7 * 24h));
  EXPECT_FALSE(answers.find("example.net", RecordType::mx, at_nine, 7 * 24h));
}

TEST(StaleAnswers, WhatTheDnsTakesBackIsForgotten) {
  StaleAnswers answers;
  answers.put(mx_of("example.org", {{10, "mx1.example.org"}}));
  EXPECT_TRUE(answers.forget("example.org", RecordType::mx));
  EXPECT_FALSE(answers.forget("example.org", RecordType::mx));
  EXPECT_FALSE(answers.find("example.org", RecordType::mx, at_nine, 1h));
}

TEST(StaleAnswers, IsWrittenDownWhenItIsNewAndOnceAnHour) {
  StaleAnswers answers;
  const std::vector<MxRecord> two = {{10, "a.example"}, {20, "b.example"}};
  EXPECT_TRUE(answers.put(mx_of("example.org", two)));
  EXPECT_FALSE(answers.put(mx_of("example.org", two, at_nine + 59min)));
  EXPECT_FALSE(answers.put(mx_of("example.org", {two[1], two[0]}, at_nine + 59min)))
      << "the same, turned round";
  EXPECT_TRUE(answers.put(mx_of("example.org", two, at_nine + 60min)));
  EXPECT_TRUE(answers.put(mx_of("example.org", {two[0]}, at_nine + 61min))) << "another one";
  EXPECT_TRUE(answers.put(mx_of("example.org", {two[0]}, at_nine))) << "the clock was set back";
  answers.restore(mx_of("example.net", two));
  EXPECT_FALSE(answers.put(mx_of("example.net", two, at_nine + 1min))) << "as it is written";
}

TEST(StaleAnswers, AreBounded) {
  StaleAnswers answers(2);
  for (const char* name : {"a.example", "b.example", "c.example"})
    answers.put(mx_of(name, {{1, "mx.example"}}));
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers.find("a.example", RecordType::mx, at_nine, 1h));
}

TEST(StaleAnswers, NobodyIsRefusedForAnOldAnswer) {
  const auto ok = mx_of("example.org", {{10, "mx1.example.org"}}).answer;
  DnsAnswer null = ok, malformed = ok, gone = ok, failed = ok, old = ok;
  null.mx = {{0, ""}};
  malformed.mx = {{0, "-bad-"}};
  gone.status = Status::nx_domain;
  failed.status = Status::temporary;
  old.stale = true;
  DnsAnswer none;
  none.status = Status::no_data;
  const struct {
    const char* name;
    RecordType type;
    const DnsAnswer& answer;
    bool kept;
  } table[] = {
      {"MX records", RecordType::mx, ok, true},
      {"addresses", RecordType::a, address_of("a", RecordType::a, "192.0.2.1").answer, true},
      {"that there are no MX records", RecordType::mx, none, true},
      {"that there are no addresses", RecordType::aaaa, none, false},
      {"a null MX", RecordType::mx, null, false},
      {"malformed names", RecordType::mx, malformed, false},
      {"a name that does not exist", RecordType::mx, gone, false},
      {"a failure", RecordType::mx, failed, false},
      {"what is past its time", RecordType::mx, old, false},
      {"keys", RecordType::tlsa, ok, false},
  };
  for (const auto& row : table) EXPECT_EQ(worth_keeping(row.type, row.answer), row.kept) << row.name;
}

TEST(LastAnswer, IsALineOfTextForTheStore) {
  LastAnswer alias = address_of("mx1.example.org", RecordType::aaaa, "2001:db8::1");
  alias.answer.canonical = "host.example.net";
  const struct {
    LastAnswer last;
    const char *key, *text;
  } table[] = {
      {mx_of("example.org", {{20, "mx2.example.org"}, {10, "mx1.example.org"}}), "example.org MX",
       "1 1795338000 - 10 mx1.example.org 20 mx2.example.org"},
      {mx_of("example.org", {}), "example.org MX", "1 1795338000 -"},
      {mx_of("example.org", {{0, "192.0.2.1"}}), "example.org MX", "1 1795338000 - 0 192.0.2.1"},
      {address_of("mx1.example.org", RecordType::a, "192.0.2.1"), "mx1.example.org A",
       "1 1795338000 - 192.0.2.1"},
      {alias, "mx1.example.org AAAA", "1 1795338000 host.example.net 2001:db8::1"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(last_answer_key(row.last.name, row.last.type), row.key);
    EXPECT_EQ(to_text(row.last), row.text);
    const auto read = parse_last_answer(row.key, row.text);
    ASSERT_TRUE(read) << row.text;
    EXPECT_EQ(read->name, row.last.name);
    EXPECT_EQ(read->type, row.last.type);
    EXPECT_EQ(read->answered, at_nine);
    EXPECT_EQ(read->answer.status, row.last.answer.status);
    EXPECT_EQ(read->answer.canonical, row.last.answer.canonical);
    EXPECT_EQ(to_text(*read), row.text);
  }
}

TEST(LastAnswer, AnyByteOfItMayBeWrong) {
  const std::pair<const char*, const char*> rubbish[] = {
      {"", ""},
      {"example.org MX", ""},
      {"example.org MX", "2 1795338000 - 10 mx1.example.org"},
      {"example.org MX", "1 x - 10 mx1.example.org"},
      {"example.org MX", "1 -1 - 10 mx1.example.org"},
      {"example.org MX", "1 99999999999 - 10 mx1.example.org"},
      {"example.org MX", "1 1795338000 -bad- 10 mx1.example.org"},
      {"example.org MX", "1 1795338000 - 10"},
      {"example.org MX", "1 1795338000 - 65536 mx1.example.org"},
      {"example.org MX", "1 1795338000 - 10 "},
      {"example.org MX", "1 1795338000 - 10 a\r\nb"},
      {"example.org MX", "1 1795338000  10 mx1.example.org"},
      {"example.org A", "1 1795338000 -"},
      {"example.org A", "1 1795338000 - 2001:db8::1"},
      {"example.org AAAA", "1 1795338000 - 192.0.2.1"},
      {"example.org A", "1 1795338000 - 192.0.2"},
      {"example.org TLSA", "1 1795338000 - 3"},
      {"exa mple.org A", "1 1795338000 - 192.0.2.1"},
      {"example.org", "1 1795338000 - 192.0.2.1"},
  };
  for (const auto& [key, text] : rubbish) EXPECT_FALSE(parse_last_answer(key, text)) << key << ": " << text;
  std::string many = "1 1795338000 -";
  for (int i = 0; i < 300; ++i) many += " 192.0.2.1";
  EXPECT_FALSE(parse_last_answer("example.org A", many));
  // Whatever becomes of a line, it is read or it is not.
  const std::string good = "1 1795338000 - 10 mx1.example.org 20 mx2.example.org";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(byte);
      if (const auto read = parse_last_answer("example.org MX", damaged)) {
        EXPECT_EQ(to_text(*parse_last_answer("example.org MX", to_text(*read))), to_text(*read));
      }
    }
  }
}

}  // namespace
}  // namespace fallbackmx
