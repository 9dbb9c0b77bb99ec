#include "conf/tables/recipient_policies.h"

#include <gtest/gtest.h>

#include "conf/config.h"
#include "milter/rules/recipient_question.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// The settings of a milter.conf with this table of policies.
Config config_with(const TemporaryFile& table, const std::string& more = {}) {
  const TemporaryFile file("recipient_policy_maps = texthash:" + table.path() + "\n" + more);
  return read_config({file.path(), {}, {}});
}

TEST(RecipientPolicies, ARowIsForADomainOrForThoseBelowIt) {
  const TemporaryFile table(
      "example.org verify=no\n.example.org next_hop=[below]\nb.example.org next_hop=[b]\n");
  const auto config = config_with(table);
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto& policies = config.settings->recipient_policy_maps;
  ASSERT_NE(policies.find("example.org"), nullptr);
  EXPECT_FALSE(policies.find("example.org")->verify);
  EXPECT_EQ(policies.find("a.example.org")->next_hop, "[below]");
  EXPECT_EQ(policies.find("x.a.example.org")->next_hop, "[below]");
  EXPECT_EQ(policies.find("b.example.org")->next_hop, "[b]");
  EXPECT_EQ(policies.find("example.net"), nullptr);
  EXPECT_EQ(policies.find("org"), nullptr);
}

TEST(RecipientPolicies, ParametersAreOtherwiseForTheDomainAndTheRestIsAsForAll) {
  const TemporaryFile table(
      "example.org primary_undecided_action=permit unverified_recipient_reject_code=551 "
      "unverified_recipient_reject_reason={No such user here}\n");
  const auto config = config_with(table, "unverified_recipient_defer_code = 451\n");
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto* policy = config.settings->recipient_policy_maps.find("example.org");
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->settings->primary_undecided_action, UndecidedAction::permit);
  EXPECT_EQ(policy->settings->unverified_recipient_reject_code, 551);
  EXPECT_EQ(policy->settings->unverified_recipient_reject_reason, "No such user here");
  EXPECT_EQ(policy->settings->unverified_recipient_defer_code, 451);
  EXPECT_EQ(config.settings->primary_undecided_action, UndecidedAction::automatic);
  EXPECT_TRUE(policy->verify);
  EXPECT_TRUE(policy->sets("primary_undecided_action"));
  EXPECT_FALSE(policy->sets("answer_timeout"));
}

TEST(RecipientPolicies, RowsWithTheSameWordsShareTheirSettings) {
  const TemporaryFile table("a.example answer_timeout=3s\nb.example answer_timeout=3s\n");
  const auto config = config_with(table);
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto& policies = config.settings->recipient_policy_maps;
  EXPECT_EQ(policies.find("a.example"), policies.find("b.example"));
}

TEST(RecipientPolicies, MistakesAreNamedWithFileAndLine) {
  const struct {
    const char *text, *want;
  } cases[] = {
      {"a.example verify=perhaps\n", ":1: verify: \"perhaps\" is neither yes nor no"},
      {"a.example verify=no\nb.example verfy=no\n",
       ":2: verfy cannot be set for one domain; did you mean verify?"},
      {"a.example relay_domains=x\n", ":1: relay_domains cannot be set for one domain"},
      {"a.example permit\n", ":1: \"permit\": write name=value, or name={several words}"},
      {"a.example answer_timeout=1h\n", ":1: answer_timeout: must be at most 10m"},
      {"a.example smtp_tls_security_level=must\n",
       ":1: smtp_tls_security_level: \"must\" is not a TLS level: none, may, encrypt, dane, dane-only, "
       "verify or "
       "secure"},
      {"a.example unverified_recipient_reject_reason={open\n",
       ":1: \"unverified_recipient_reject_reason={open\": write name=value, or name={several words}"},
      {"-a- verify=no\n", ":1: \"-a-\": "},
  };
  for (const auto& [text, want] : cases) {
    const TemporaryFile table(text);
    const auto config = config_with(table);
    ASSERT_EQ(config.errors.size(), 1U) << text;
    EXPECT_NE(config.errors[0].find("recipient_policy_maps: " + table.path() + want), std::string::npos)
        << config.errors[0];
  }
}

TEST(RecipientPolicies, ASenderWithoutDomainGetsOurs) {
  const TemporaryFile table("a.example address_verify_sender=probe\n");
  const auto config = config_with(table, "myhostname = fallback.example.net\n");
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_EQ(config.settings->recipient_policy_maps.find("a.example")->settings->address_verify_sender,
            "probe@fallback.example.net");
}

TEST(RecipientQuestion, IsMadeOfWhatTheMtaTheMapsAndThePolicySay) {
  const TemporaryFile transport("mapped.example smtp:[mapped]\nboth.example smtp:[mapped]\n");
  const TemporaryFile table(
      "both.example next_hop=[policy] smtp_tls_security_level=encrypt address_verify_sender=p@x.example "
      "answer_timeout=3s\nup.example primary_up_action=defer\nplain.example "
      "primary_undecided_action=permit\n");
  const auto config =
      config_with(table, "address_verify_transport_maps = texthash:" + transport.path() + "\n");
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto asked = [&](const std::string& recipient) {
    const Envelope envelope{.recipient = *Address::parse(recipient), .next_hop = "mta"};
    const auto* policy = config.settings->recipient_policy_maps.find(envelope.recipient.domain());
    return question_for({}, envelope, *config.settings, policy);
  };
  EXPECT_EQ(asked("u@other.example").next_hop, "mta");
  EXPECT_EQ(asked("u@mapped.example").next_hop, "[mapped]");
  EXPECT_EQ(asked("u@up.example").of, Question::Of::primary);
  const Question plain = asked("u@plain.example"), both = asked("u@both.example");
  EXPECT_EQ(plain.next_hop, "mta");
  EXPECT_FALSE(plain.tls || plain.sender || plain.patience);
  EXPECT_EQ(plain.of, Question::Of::anybody);
  EXPECT_EQ(both.next_hop, "[policy]");
  EXPECT_EQ(both.tls, TlsLevel::encrypt);
  EXPECT_EQ(both.sender, "p@x.example");
  EXPECT_EQ(both.patience, Seconds(3));
}

// What is not in DomainSettings would be set for the domains in the rows behind it, too.
TEST(RecipientPolicies, SetNothingThatIsNotAboutADomain) {
  const std::string_view of_all[] = {
#define SECTION(name, title)
#define PARAMETER(type, name, ...) #name,
#define DOMAIN_PARAMETER(...)
#include "conf/parameters.def"
#undef DOMAIN_PARAMETER
#undef PARAMETER
#undef SECTION
  };
  for (const auto name : of_all) {
    const auto policies = RecipientPolicies::parse("inline:{ { x.example = " + std::string(name) + "=1 } }");
    ASSERT_FALSE(policies) << name;
    EXPECT_NE(policies.error().find("cannot be set for one domain"), std::string::npos) << policies.error();
  }
}

// Each of them had a copy of all parameters once, with all of relay_domains in it: 17 s and 2 GB.
TEST(RecipientPolicies, ThousandsBesideAsManyRelayedDomainsCostLittle) {
  std::string rows, domains;
  for (int i = 0; i < 5000; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    rows += domain + " next_hop=[mx." + domain + "] probe_control_recipient=user@" + domain + "\n";
    domains += domain + "\n";
  }
  const TemporaryFile table(rows), relayed(domains);
  const auto config = config_with(table, "relay_domains = " + relayed.path() + "\n");
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto* last = config.settings->recipient_policy_maps.find("d4999.example");
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->settings->probe_control_recipient, "user@d4999.example");
  EXPECT_EQ(config.settings->recipient_policy_maps.find("d0.example")->settings->probe_control_recipient,
            "user@d0.example");
  EXPECT_LT(sizeof(DomainSettings), 1000u);
}

TEST(RecipientPolicies, CanBePatternsForDomains) {
  const TemporaryFile patterns("/^(a|b)\\.example$/ verify=no\n"), bad("/(.*)/ next_hop=[$1]\n");
  const TemporaryFile file(
      "recipient_policy_maps = inline:{ { b.example = next_hop=[b] } }, pcre:" + patterns.path() + "\n");
  const auto config = read_config({file.path(), {}, {}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto& policies = config.settings->recipient_policy_maps;
  ASSERT_NE(policies.find("a.example"), nullptr);
  EXPECT_FALSE(policies.find("a.example")->verify);
  EXPECT_EQ(policies.find("b.example")->next_hop, "[b]");
  EXPECT_EQ(policies.find("c.example"), nullptr);
  EXPECT_EQ(policies.find("x.a.example"), nullptr) << "patterns are asked about no part of a domain";
  EXPECT_EQ(RecipientPolicies::parse("regexp:" + bad.path()).error(),
            bad.path() + ":1: what a pattern matched cannot be part of a policy");
}

}  // namespace
}  // namespace fallbackmx
