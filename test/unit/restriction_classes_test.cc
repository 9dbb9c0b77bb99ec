#include "conf/tables/restriction_classes.h"

#include <gtest/gtest.h>

#include "conf/config.h"
#include "conf/dump.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

Config config_of(const std::string& text) {
  const TemporaryFile file("myhostname = mx.example.net\n" + text);
  auto config = read_config({file.path(), {}, {}});
  for (auto& error : config.errors) error = error.substr(error.find(':') + 1);
  return config;
}

std::string names(const Restrictions& list) {
  std::string all;
  for (const Rule& rule : list) all += (all.empty() ? "" : " ") + std::string(to_string(rule.restriction));
  return all;
}

TEST(RestrictionClasses, AreExpandedWhereTheyStand) {
  const auto config = config_of(
      "smtpd_restriction_classes = strict, polite\n"
      "polite = reject_unknown_helo_hostname, reject_unknown_sender_domain\n"
      "strict = permit_mynetworks, polite, reject\n"
      "smtpd_recipient_restrictions = strict, reject_unverified_recipient\n"
      "smtpd_sender_restrictions = warn_if_reject polite, permit\n");
  ASSERT_TRUE(config.settings) << config.errors.at(0);
  EXPECT_EQ(names(config.settings->smtpd_recipient_restrictions),
            "permit_mynetworks reject_unknown_helo_hostname reject_unknown_sender_domain reject "
            "reject_unverified_recipient");
  EXPECT_EQ(names(config.settings->smtpd_sender_restrictions),
            "warn_if_reject reject_unknown_helo_hostname warn_if_reject reject_unknown_sender_domain permit");
  EXPECT_NE(dump_changed(config).find("strict = permit_mynetworks, polite, reject\n"), std::string::npos);
}

TEST(RestrictionClasses, MayStandInATable) {
  const TemporaryFile table("example.org strict\nexample.net DUNNO\n");
  const auto config = config_of(
      "smtpd_restriction_classes = strict\n"
      "strict = check_sender_access inline:{ a.example=reject }, reject_unverified_recipient\n"
      "smtpd_recipient_restrictions = check_recipient_access hash:" +
      table.path() + "\n");
  ASSERT_TRUE(config.settings) << config.errors.at(0);
  EXPECT_TRUE(
      mentions(config.settings->smtpd_recipient_restrictions, Restriction::reject_unverified_recipient));
  EXPECT_TRUE(mentions(config.settings->smtpd_recipient_restrictions, Restriction::check_sender_access));
}

TEST(RestrictionClasses, MistakesAreNamedOnce) {
  const TemporaryFile table("example.org own\n");
  const struct {
    std::string in;
    std::vector<std::string> want;
  } rows[] = {
      {"smtpd_restriction_classes = a\na = permit, a\nsmtpd_recipient_restrictions = a, "
       "reject_unverified_recipient\n",
       {"3: a: a: restriction class a refers to itself"}},
      {"smtpd_restriction_classes = a b\na = b\nb = a\nsmtpd_recipient_restrictions = b\n",
       {"3: a: b: a: restriction class a refers to itself"}},
      {"smtpd_restriction_classes = own\nown = check_sender_access hash:" + table.path() + "\n",
       {"3: own: check_sender_access: " + table.path() + ":1: restriction class own refers to itself"}},
      {"smtpd_restriction_classes = a\nsmtpd_recipient_restrictions = a\n",
       {"2: smtpd_restriction_classes: restriction class a has no line of its own: write a = RESTRICTIONS"}},
      {"smtpd_restriction_classes = a\na = reject_unknown_hepo_hostname\n",
       {"3: a: unknown restriction \"reject_unknown_hepo_hostname\"; did you mean "
        "reject_unknown_helo_hostname?"}},
      {"smtpd_restriction_classes = permit\npermit = reject\n",
       {"3: permit: permit has a meaning already: choose another name for the class"}},
  };
  for (const auto& [in, want] : rows) {
    const auto config = config_of(in);
    EXPECT_FALSE(config.settings) << in;
    EXPECT_EQ(config.errors, want) << in;
  }
}

}  // namespace
}  // namespace fallbackmx
