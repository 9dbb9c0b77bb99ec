#include "conf/rewriting_tables.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RewritingTables : public ::testing::Test {
 protected:
  RewritingTables() {
    settings_ = default_settings();
    settings_.postfix_config_directory = directory_.path();
  }

  void main_cf(const std::string& text) { std::ofstream(directory_ / "main.cf") << text; }

  std::string of(const std::string& recipient) {
    warnings_.clear();
    const auto result = open_rewriting_tables(settings_, warnings_)->of(*Address::parse(recipient));
    return result.kind == RecipientRewriting::Result::Kind::one ? result.address.mailbox() : result.text;
  }

  TemporaryDirectory directory_;
  Settings settings_;
  std::vector<std::string> warnings_;
};

TEST_F(RewritingTables, NoMainCfIsNoTrouble) {
  EXPECT_EQ(of("u@example.org"), "");
  EXPECT_THAT(warnings_, IsEmpty());
  settings_.postfix_config_directory = "";
  EXPECT_EQ(of("u@example.org"), "");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(RewritingTables, WhatIsNotSetHereStandsInMainCf) {
  main_cf(
      "# a comment\n"
      "relays = example.org,\n"
      "  example.com\n"
      "relay_domains = $relays\n"
      "recipient_delimiter = +\n"
      "virtual_alias_maps = inline:{a@example.org=b@example.org},\n"
      "  inline:{c@example.org=d@example.com}\n");
  EXPECT_EQ(of("a+x@example.org"), "b+x@example.org");
  EXPECT_EQ(of("c@example.org"), "d@example.com");
  EXPECT_THAT(warnings_, IsEmpty());
  const auto domains = open_rewriting_tables(settings_, warnings_)->domains();
  EXPECT_TRUE(domains.relayed.matches("example.com"));
  EXPECT_TRUE(domains.final.contains("localhost"));
  settings_.virtual_alias_maps = "inline:{a@example.org=ours@example.org}";
  EXPECT_EQ(of("a@example.org"), "ours@example.org");
}

TEST_F(RewritingTables, WhatPostfixLooksUpElsewhereIsNamedAndTheRestUsed) {
  main_cf(
      "virtual_alias_maps = ldap:/etc/postfix/ldap.cf, inline:{a@example.org=b@example.org}\n"
      "canonical_maps = ${{$mail_version} > {3} ? {inline:{}} : {}}\n");
  EXPECT_EQ(of("a@example.org"), "b@example.org");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("canonical_maps"), HasSubstr("ldap:/etc/postfix/ldap.cf")));
  EXPECT_THAT(warnings_.back(), HasSubstr("set virtual_alias_maps in milter.conf"));
}

TEST_F(RewritingTables, ItsNamesStandForWhatPostfixMeans) {
  std::ofstream(directory_ / "virtual") << "a@example.org b@example.org\n";
  main_cf("virtual_alias_maps = ${default_database_type}:$config_directory/virtual\n");
  EXPECT_EQ(of("a@example.org"), "b@example.org");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(RewritingTables, AMainCfThatCannotBeReadIsNamed) {
  std::filesystem::create_directory(directory_ / "main.cf");
  EXPECT_EQ(of("u@example.org"), "");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("main.cf")));
}

}  // namespace
}  // namespace fallbackmx
