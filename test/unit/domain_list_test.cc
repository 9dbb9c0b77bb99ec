#include "conf/tables/domain_list.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

TEST(DomainList, MatchesAsRelayDomainsDoes) {
  struct {
    std::string list, domain;
    bool want;
  } const cases[] = {
      {"", "example.org", false},
      {"example.org", "example.org", true},
      {"example.org", "sub.example.org", true},
      {"example.org", "deep.sub.example.org", true},
      {"example.org", "notexample.org", false},
      {"example.org", "org", false},
      {"example.org", "", false},
      {".example.org", "example.org", false},
      {".example.org", "sub.example.org", true},
      {"Example.ORG", "example.org", true},
      {"example.net example.org", "example.org", true},
      {"example.net,example.org", "example.org", true},
      {"org", "example.org", true},
      // First match wins, whether it is the name or its parent.
      {"!not.example.org, example.org", "not.example.org", false},
      {"!not.example.org, example.org", "sub.not.example.org", false},
      {"!not.example.org, example.org", "yes.example.org", true},
      {"example.org, !not.example.org", "not.example.org", true},
      {"!example.org, example.org", "example.org", false},
      {"!example.org", "example.net", false},
      {"b\xc3\xbc"
       "cher.example",
       "xn--bcher-kva.example", true},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", true},
  };
  for (const auto& [text, domain, want] : cases) {
    const auto list = DomainList::parse(text);
    ASSERT_TRUE(list) << text << ": " << list.error();
    EXPECT_EQ(list->matches(domain), want) << text << " and " << domain;
    EXPECT_EQ(list->text(), text);
  }
}

TEST(DomainList, TakesSendmailsRelayDomainsWithoutItsNetworks) {
  const TemporaryFile file("# may relay\nexample.org\n192.0.2\n10\n198.51.100.7\nIPv6:2001:db8::7\n");
  const auto list = DomainList::parse(file.path());
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(list->matches("example.org"));
  EXPECT_FALSE(list->matches("198.51.100.7"));
  EXPECT_FALSE(DomainList::parse("example.org 192.0.2.7")) << "in the list itself it is a mistake";
}

TEST(DomainList, TakesTheKeysOfATable) {
  const TemporaryFile table("# relayed\nexample.org OK\n.example.net\tOK\n");
  const auto list = DomainList::parse("!no.example.org texthash:" + table.path());
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(list->matches("example.org"));
  EXPECT_FALSE(list->matches("no.example.org"));
  EXPECT_TRUE(list->matches("sub.example.net"));
  EXPECT_FALSE(list->matches("example.net"));
}

TEST(DomainList, TakesTheItemsOfAFile) {
  const TemporaryFile file("example.org example.net\n# x\n  !a.example.com, example.com\n");
  const auto list = DomainList::parse(file.path());
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(list->matches("example.net"));
  EXPECT_TRUE(list->matches("example.com"));
  EXPECT_FALSE(list->matches("a.example.com"));
}

TEST(DomainList, NamesWhatIsNoDomainAndWhereItStands) {
  const auto alone = DomainList::parse("exa mple..org");
  ASSERT_FALSE(alone);
  EXPECT_TRUE(alone.error().starts_with("\"mple..org\": ")) << alone.error();

  const TemporaryFile file("example.org\nexample..net\n"), table("example.org OK\nexample.net\n");
  const auto from_file = DomainList::parse(file.path());
  ASSERT_FALSE(from_file);
  EXPECT_TRUE(from_file.error().starts_with(file.path() + ":2: \"example..net\": ")) << from_file.error();
  const auto from_table = DomainList::parse("hash:" + table.path());
  ASSERT_FALSE(from_table);
  EXPECT_EQ(from_table.error(), table.path() + ":2: \"example.net\": no value after the key");
}

TEST(DomainList, EveryKeyOfALargeTableIsFound) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "d" + std::to_string(i) + ".example OK\n";
  const TemporaryFile table(text);
  const auto list = DomainList::parse("texthash:" + table.path());
  ASSERT_TRUE(list) << list.error();
  int found = 0;
  for (int i = 0; i < 5000; ++i) found += list->matches("a.d" + std::to_string(i) + ".example") ? 1 : 0;
  EXPECT_EQ(found, 5000);
}

TEST(DomainList, PatternsAreAskedInTheirPlace) {
  const TemporaryFile file("/^mail[0-9]+\\.example\\.org$/ any\n");
  const auto list = DomainList::parse("!mail3.example.org pcre:" + file.path() +
                                      ", inline:{ example.net=x } !.example.org");
  ASSERT_TRUE(list) << list.error();
  EXPECT_TRUE(list->matches("mail1.example.org"));
  EXPECT_FALSE(list->matches("mail3.example.org"));
  EXPECT_FALSE(list->matches("mail.example.org"));
  EXPECT_FALSE(list->matches("sub.mail1.example.org"));
  EXPECT_TRUE(list->matches("example.net"));
  EXPECT_FALSE(list->empty());
  EXPECT_TRUE(DomainList::parse("static:all")->matches("whatever.example"));
}

}  // namespace
}  // namespace fallbackmx
