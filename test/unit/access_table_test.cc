#include "conf/tables/access_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conf/tables/rule.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

std::string shown(const AccessAction& action) {
  static constexpr const char* kinds[] = {"dunno",           "permit",          "reject", "defer", "reply",
                                          "defer_if_permit", "defer_if_reject", "warn",   "rules"};
  std::string text = kinds[static_cast<int>(action.kind)];
  if (action.code != 0) text += ' ' + std::to_string(action.code);
  if (!action.dsn.empty()) text += ' ' + action.dsn;
  if (!action.text.empty()) text += " \"" + action.text + '"';
  for (const auto& rule : action.rules) text += ' ' + std::string(to_string(rule.restriction));
  return text;
}

TEST(AccessAction, MeansWhatAccess5Says) {
  const struct {
    const char *in, *want;
  } cases[] = {
      {"OK", "permit"},
      {"ok whatever follows", "permit \"whatever follows\""},
      {"RELAY", "permit"},
      {"1700000000", "permit"},
      {"550", "permit"},  // digits alone are a time, not a code
      {"DUNNO", "dunno"},
      {"dunno for now", "dunno \"for now\""},
      {"REJECT", "reject 5.7.1"},
      {"REJECT go away", "reject 5.7.1 \"go away\""},
      {"REJECT 5.1.1 no such user", "reject 5.1.1 \"no such user\""},
      {"REJECT 5.1.1", "reject 5.1.1"},
      {"REJECT 5.1 is no enhanced code", "reject 5.7.1 \"5.1 is no enhanced code\""},
      {"DEFER", "defer 4.7.1"},
      {"DEFER later", "defer 4.7.1 \"later\""},
      {"DEFER_IF_PERMIT 4.3.2 later", "defer_if_permit 4.3.2 \"later\""},
      {"DEFER_IF_REJECT", "defer_if_reject 4.7.1"},
      {"550 no such user", "reply 550 5.7.1 \"no such user\""},
      {"450 4.2.1 mailbox busy", "reply 450 4.2.1 \"mailbox busy\""},
      {"WARN look here", "warn \"look here\""},
      {"INFO", "warn"},
      {"reject_unknown_sender_domain, permit", "rules reject_unknown_sender_domain permit"},
      {"Reject_Unverified_Recipient", "rules reject_unverified_recipient"},
      {"defer_if_permit", "defer_if_permit 4.7.1"},  // the action comes before the restriction
  };
  for (const auto& [in, want] : cases) {
    const auto action = parse_access_action(in);
    ASSERT_TRUE(action) << in << ": " << action.error();
    EXPECT_EQ(shown(*action), want) << in;
  }
}

TEST(AccessAction, WhatItCannotDoItExplains) {
  const struct {
    const char *in, *want;
  } cases[] = {
      {"REJCT", "unknown action \"REJCT\"; did you mean REJECT?"},
      {"HOLD", "HOLD is for Postfix's own tables: leave it there"},
      {"filter smtp:[mx]", "FILTER is for Postfix's own tables: leave it there"},
      {"reject_rbl_client zen.example", "reject_rbl_client is Postfix's own: leave it in main.cf"},
      {"reject_unknown_sender_domian",
       "unknown restriction \"reject_unknown_sender_domian\"; did you mean reject_unknown_sender_domain?"},
      {"check_sender_access texthash:/nowhere", "check_sender_access cannot stand in a table"},
      {"reject_unknown_sender_domain, sleep 1",
       "sleep is Postfix's own: leave it in main.cf (a filter that sleeps holds up the MTA)"},
      {"nonsense", "unknown restriction \"nonsense\""},
  };
  for (const auto& [in, want] : cases) {
    const auto action = parse_access_action(in);
    ASSERT_FALSE(action) << in;
    EXPECT_EQ(action.error(), want) << in;
  }
}

std::string found(const AccessTable& table, std::string_view key, bool whole) {
  const auto action = table.find(key, whole);
  return action == nullptr ? "-" : shown(*action);
}

TEST(AccessTable, KeysAreFoundWhateverTheirCase) {
  const TemporaryFile file("Example.ORG REJECT\n<> DUNNO\n");
  const auto table = AccessTable::read("hash:" + file.path());
  ASSERT_TRUE(table) << table.error();
  EXPECT_EQ(found(**table, "example.org", true), "reject 5.7.1");
  EXPECT_EQ(found(**table, "EXAMPLE.org", false), "reject 5.7.1");
  EXPECT_EQ(found(**table, "<>", true), "dunno");
  EXPECT_EQ(found(**table, "example.com", true), "-");
  EXPECT_EQ((*table)->name(), "hash:" + file.path());
}

TEST(AccessTable, NetworksMatchInOrderAndOnlyWholeAddresses) {
  const TemporaryFile file(
      "192.0.2.7 OK\n192.0.2.0/24 REJECT\n!2001:db8::/32 DUNNO\n[2001:db8::]/32 DEFER\n!192.0.2.0/24 "
      "DEFER\n");
  const auto table = AccessTable::read("cidr:" + file.path());
  ASSERT_TRUE(table) << table.error();
  EXPECT_EQ(found(**table, "192.0.2.7", true), "permit");
  EXPECT_EQ(found(**table, "192.0.2.8", true), "reject 5.7.1");
  EXPECT_EQ(found(**table, "192.0.2.8", false), "-");
  EXPECT_EQ(found(**table, "192.0.2", false), "-");
  EXPECT_EQ(found(**table, "mail.example.net", true), "-");
  EXPECT_EQ(found(**table, "2001:db8::1", true), "defer 4.7.1");
  EXPECT_EQ(found(**table, "2001:db9::1", true), "dunno");
  EXPECT_EQ(found(**table, "203.0.113.1", true), "defer 4.7.1");
}

TEST(AccessTable, MistakesAreNamedWithFileAndLine) {
  const struct {
    const char *type, *text, *want;
  } cases[] = {
      {"texthash", "a OK\nb REJCT\n", ":2: unknown action \"REJCT\"; did you mean REJECT?"},
      {"cidr", "192.0.2.1/24 OK\n",
       ":1: \"192.0.2.1/24\" has bits set after the first 24; did you mean 192.0.2.0/24?"},
      {"cidr", "example.org OK\n",
       ":1: \"example.org\" is not an address or a network (names of hosts are not looked up)"},
      {"cidr", "if 192.0.2.0/24\n", ":1: if without an endif"},
  };
  for (const auto& [type, text, want] : cases) {
    const TemporaryFile file(text);
    const auto table = AccessTable::read(std::string(type) + ":" + file.path());
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error(), file.path() + want);
  }
  EXPECT_FALSE(AccessTable::read("regexp:/etc/passwd"));
  EXPECT_FALSE(AccessTable::read("texthash"));
}

TEST(AccessTable, WhatAPatternMatchedCanBecomePartOfAText) {
  const TemporaryFile file("/^(.*)-bounces@/ REJECT 5.1.1 no list $1\n/^(x)?y@/ 550 $1\n/^z(.*)@/ OK\n");
  const auto table = AccessTable::read("pcre:" + file.path());
  ASSERT_TRUE(table) << table.error();
  EXPECT_EQ(found(**table, "dogs-bounces@example.org", true), "reject 5.1.1 \"no list dogs\"");
  EXPECT_EQ(found(**table, "dogs-bounces@example.org", false), "-");
  EXPECT_EQ(found(**table, "xy@example.org", true), "reply 550 5.7.1 \"x\"");
  EXPECT_EQ(found(**table, "y@example.org", true), "reply 550 5.7.1 \"$1\"") << "never a permit";
  EXPECT_EQ(found(**table, "zz@example.org", true), "permit");
  for (const auto* text : {"/(.*)/ $1\n", "/(.*)/ $1 no\n", "/(x)/ reject_unverified_recipient, $1\n"}) {
    const TemporaryFile bad(text);
    EXPECT_FALSE(AccessTable::read("regexp:" + bad.path())) << text;
  }
}

TEST(AccessTable, CanStandInNoFile) {
  const auto one = AccessTable::read("inline:{ example.org=OK, { example.net = REJECT not you } }");
  ASSERT_TRUE(one) << one.error();
  EXPECT_EQ(found(**one, "Example.net", true), "reject 5.7.1 \"not you\"");
  const auto all = AccessTable::read("static:{ REJECT go away }");
  ASSERT_TRUE(all) << all.error();
  EXPECT_EQ(found(**all, "anything", false), "reject 5.7.1 \"go away\"");
  EXPECT_EQ(AccessTable::read("static:REJCT").error(),
            "static:REJCT: unknown action \"REJCT\"; did you mean REJECT?");
}

TEST(AccessTable, TellsWhichRestrictionsItNames) {
  const TemporaryFile file("a OK\nb reject_unverified_recipient\n"), other("a OK\n");
  const auto table = AccessTable::read("texthash:" + file.path());
  const auto without = AccessTable::read("texthash:" + other.path());
  const Restrictions list = {Restriction::permit, {Restriction::check_sender_access, *table}};
  EXPECT_TRUE(mentions(list, Restriction::reject_unverified_recipient));
  EXPECT_FALSE(mentions(list, Restriction::reject));
  EXPECT_EQ(list[1], Rule(Restriction::check_sender_access, *table));
  EXPECT_FALSE(list[1] == Rule(Restriction::check_sender_access, *without));
  EXPECT_FALSE(list[1] == Rule(Restriction::check_sender_access));
}

}  // namespace
}  // namespace fallbackmx
