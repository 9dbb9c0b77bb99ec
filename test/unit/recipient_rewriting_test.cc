#include "conf/tables/recipient_rewriting.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace fallbackmx {
namespace {

using Kind = RecipientRewriting::Result::Kind;
using Rows = std::map<std::string, std::string>;

/// Exact keys, as in hash: and texthash:.
RecipientRewriting::Find table(const Rows& rows) {
  if (rows.empty()) return {};
  return [rows](std::string_view key, bool) -> std::optional<std::string> {
    const auto found = rows.find(std::string(key));
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  };
}

/// `same`, the new address, or what else became of it.
std::string of(const RecipientRewriting& rewriting, const std::string& recipient) {
  const auto result = rewriting.of(*Address::parse(recipient));
  switch (result.kind) {
    case Kind::same:
      return "same";
    case Kind::one:
      return result.address.mailbox();
    case Kind::several:
      return "several: " + result.text;
    case Kind::unqualified:
      break;
  }
  return "unqualified: " + result.text;
}

// What `postmap -q` and a Postfix 3.7 with these rows do.
TEST(RecipientRewriting, AliasesAreLookedUpAsInVirtual5) {
  struct Case {
    const char* name;
    Rows rows;
    std::string recipient, want;
  };
  const Case cases[] = {
      {"no table", {}, "u@example.org", "same"},
      {"no row", {{"v@example.org", "w@example.org"}}, "u@example.org", "same"},
      {"an address", {{"abuse@example.org", "user@example.org"}}, "abuse@example.org", "user@example.org"},
      {"in any case of letters",
       {{"abuse@example.org", "User@Example.ORG"}},
       "Abuse@Example.Org",
       "User@example.org"},
      {"a local user", {{"old@example.org", "root"}}, "old@example.org", "unqualified: root"},
      {"another domain", {{"old@example.org", "root@here.example"}}, "old@example.org", "root@here.example"},
      {"a whole domain", {{"@example.org", "@example.com"}}, "u@example.org", "u@example.com"},
      {"a whole domain to one user",
       {{"@example.org", "all@example.org"}, {"all@example.org", "all@example.org"}},
       "u@example.org",
       "all@example.org"},
      {"the address counts before the domain",
       {{"@example.org", "all@example.com"}, {"u@example.org", "u@example.org"}},
       "u@example.org",
       "same"},
      {"an alias of an alias",
       {{"a@example.org", "b@example.org"}, {"b@example.org", "c@example.org"}},
       "a@example.org",
       "c@example.org"},
      {"several",
       {{"all@example.org", "a@example.org, b@example.org"}},
       "all@example.org",
       "several: a@example.org, b@example.org"},
      {"several that are one",
       {{"all@example.org", "a@example.org b@example.org"}, {"b@example.org", "A@example.org"}},
       "all@example.org",
       "a@example.org"},
      {"itself and another",
       {{"u@example.org", "u@example.org, archive@example.com"}},
       "u@example.org",
       "several: u@example.org, archive@example.com"},
      {"a loop",
       {{"a@example.org", "b@example.org"}, {"b@example.org", "a@example.org"}},
       "a@example.org",
       "several: "},
      {"with an extension of its own",
       {{"u+x@example.org", "v@example.org"}},
       "u+x@example.org",
       "v@example.org"},
      {"an extension goes along",
       {{"u@example.org", "v@example.com"}},
       "u+Tag@example.org",
       "v+Tag@example.com"},
      {"not so where the whole address is there",
       {{"u+tag@example.org", "v@example.com"}},
       "u+Tag@example.org",
       "v@example.com"},
      {"quotes mean nothing", {{"a b@example.org", "c@example.org"}}, "\"a b\"@example.org", "c@example.org"},
      {"a bare name is the MTA's", {{"u", "v@example.org"}}, "u", "same"},
  };
  for (const auto& c : cases) {
    const RecipientRewriting rewriting({.virtual_alias = table(c.rows), .recipient_delimiter = "+-"}, {});
    EXPECT_EQ(of(rewriting, c.recipient), c.want) << c.name;
  }
}

TEST(RecipientRewriting, CanonicalMapsComeBeforeAliases) {
  const RecipientRewriting rewriting({.recipient_canonical = table({{"a@example.org", "b@example.org"}}),
                                      .canonical = table({{"b@example.org", "c@example.org"}}),
                                      .virtual_alias = table({{"c@example.org", "d@example.org"}})},
                                     {});
  EXPECT_EQ(of(rewriting, "a@example.org"), "d@example.org");
  EXPECT_EQ(of(rewriting, "c@example.org"), "d@example.org");
  EXPECT_EQ(of(rewriting, "a+x@example.org"), "same") << "there is no recipient_delimiter";
}

TEST(RecipientRewriting, TablesOfPatternsAreAskedAboutWholeAddressesOnly) {
  std::string asked;
  const RecipientRewriting rewriting(
      {.virtual_alias = [&](std::string_view key, bool whole) -> std::optional<std::string> {
         asked += std::string(key) + (whole ? " " : "* ");
         return std::nullopt;
       },
       .recipient_delimiter = "+"},
      {});
  EXPECT_EQ(of(rewriting, "U+x@example.org"), "same");
  EXPECT_EQ(asked, "u+x@example.org u@example.org* @example.org* ");
}

TEST(RecipientRewriting, AWebOfAliasesIsGivenUp) {
  const RecipientRewriting rewriting(
      {.virtual_alias = [](std::string_view key, bool) -> std::optional<std::string> {
        const std::string text(key);
        return "1" + text + ", 2" + text;
      }},
      {});
  EXPECT_EQ(of(rewriting, "u@example.org").substr(0, 8), "several:");
}

}  // namespace
}  // namespace fallbackmx
