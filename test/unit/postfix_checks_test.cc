#include "milter/doctor/postfix_checks.h"

#include <gtest/gtest.h>

#include "milter/doctor/mta_config.h"

namespace fallbackmx {
namespace {

constexpr auto socket_path = "unix:/var/spool/postfix/fallbackmx/milter.sock";
const std::string good_line =
    "{ unix:fallbackmx/milter.sock, default_action=tempfail, connect_timeout=5s, command_timeout=30s }";

/// A healthy Postfix, as postconf(1) shows it; later lines of the same name count.
struct Configuration {
  const char* name;
  std::string main;       ///< more lines of `postconf -x`
  std::string overrides;  ///< of `postconf -P`
  std::string want;       ///< `name: mend`, a line each
  std::string socket = socket_path;
};

PostfixFacts facts_of(const Configuration& row) {
  return parse_postfix_facts(
      "smtpd_milters = " + good_line +
          ", inet:127.0.0.1:11332\n"
          "non_smtpd_milters =\nmilter_default_action = tempfail\nmilter_command_timeout = 30s\n"
          "relay_domains = example.org\nmail_owner = postfix\n"
          "queue_directory = /var/spool/postfix\nconfig_directory = /etc/postfix\n"
          "compatibility_level = 3.6\n" +
          row.main,
      "smtp/inet/service = smtp\nsmtp/inet/chroot = y\nsmtp/inet/command = smtpd\n"
      "submission/inet/chroot = y\nsubmission/inet/command = smtpd -o smtpd_milters=\n"
      "127.0.0.1:10025/inet/chroot = -\n127.0.0.1:10025/inet/command = smtpd -o smtpd_milters=\n"
      "pickup/unix/command = pickup\n",
      "submission/inet/smtpd_milters =\n127.0.0.1:10025/inet/smtpd_milters =\n" + row.overrides);
}

std::string found(const Configuration& row) {
  Settings settings = default_settings();
  settings.relay_domains = *DomainList::parse("example.org");
  std::string text;
  for (const Ailment& each : postfix_ailments(facts_of(row), *MilterSocket::parse(row.socket), settings)) {
    EXPECT_FALSE(each.what.empty());
    text += each.name + ": " + each.mend + '\n';
  }
  return text;
}

TEST(PostfixChecks, NameEachMistakeAndItsMend) {
  const std::string edit = "postconf -e 'smtpd_milters = " + good_line;
  const Configuration table[] = {
      {"nothing is wrong", "", "", ""},
      {"the milter is missing", "smtpd_milters = inet:127.0.0.1:11332\n", "",
       "not-in-smtpd-milters: " + edit + ", inet:127.0.0.1:11332' && postfix reload\n"},
      {"no milter at all", "smtpd_milters =\n", "",
       "not-in-smtpd-milters: " + edit + "' && postfix reload\n"},
      {"another configuration directory", "smtpd_milters =\nconfig_directory = /etc/postfix-mx\n", "",
       "not-in-smtpd-milters: postconf -c /etc/postfix-mx -e 'smtpd_milters = " + good_line +
           "' && postfix -c /etc/postfix-mx reload\n"},
      {"the service for strangers has milters of its own", "",
       "smtp/inet/smtpd_milters = inet:127.0.0.1:11332\n",
       "service-without-milter: postconf -PX smtp/inet/smtpd_milters && postfix reload\n"},
      {"users of ours are verified too", "", "submission/inet/smtpd_milters = " + good_line + "\n",
       "submission-with-milter: postconf -P 'submission/inet/smtpd_milters=' && postfix reload\n"},
      {"mail of the machine itself goes through it",
       "non_smtpd_milters = unix:fallbackmx/milter.sock inet:127.0.0.1:11332\n", "",
       "non-smtpd-milters: postconf -e 'non_smtpd_milters = inet:127.0.0.1:11332' && postfix reload\n"},
      {"accepted while it is away",
       "smtpd_milters = { unix:fallbackmx/milter.sock, default_action=accept }\n", "",
       "default-action: " + edit + "' && postfix reload\n"},
      {"refused while it is away, by the global setting",
       "smtpd_milters = unix:fallbackmx/milter.sock\nmilter_default_action = reject\n", "",
       "default-action: " + edit + "' && postfix reload\n"},
      {"less patience than an answer takes",
       "smtpd_milters = { unix:fallbackmx/milter.sock, command_timeout=8s }\n", "",
       "command-timeout: " + edit + "' && postfix reload\n"},
      {"an absolute path, looked for inside the chroot",
       "smtpd_milters = unix:/var/spool/postfix/fallbackmx/milter.sock\n", "",
       "outside-chroot: " + edit + "' && postfix reload\n"},
      {"a path as it looks from inside the chroot is right", "smtpd_milters = unix:/fallbackmx/milter.sock\n",
       "", ""},
      {"a socket outside the chroot", "smtpd_milters = unix:/run/fallbackmx/milter.sock\n", "",
       "outside-chroot: install -d -o _fallbackmx -g postfix -m 2750 /var/spool/postfix/fallbackmx && "
       "systemctl restart "
       "fallbackmx && " +
           edit + "' && postfix reload\n",
       "unix:/run/fallbackmx/milter.sock"},
      {"a socket on the network", "smtpd_milters = inet:127.0.0.1:9900\n", "", "", "inet:9900@127.0.0.1"},
      {"another port", "smtpd_milters = inet:127.0.0.1:9901\n", "",
       "not-in-smtpd-milters: postconf -e 'smtpd_milters = { inet:127.0.0.1:9900, default_action=tempfail, "
       "connect_timeout=5s, command_timeout=30s }, inet:127.0.0.1:9901' && postfix reload\n",
       "inet:9900@127.0.0.1"},
      {"nothing is relayed", "relay_domains =\n", "",
       "relays-nothing: postconf -e 'relay_domains = example.org' && postfix reload\n"},
      {"Postfix asks by itself",
       "smtpd_recipient_restrictions = permit_mynetworks, reject_unverified_recipient\n", "",
       "postfix-verifies-too: take reject_unverified_recipient out of smtpd_recipient_restrictions in "
       "main.cf\n"},
  };
  for (const auto& row : table) EXPECT_EQ(found(row), row.want) << row.name;
}

TEST(PostfixChecks, TheLinesOfMtaConfigAreHealthy) {
  const std::string line = MilterSocket::parse(socket_path)->main_cf_line();
  EXPECT_EQ(found({.name = "", .main = line + "\n", .overrides = "", .want = ""}), "");
  EXPECT_NE(postfix_config(*MilterSocket::parse(socket_path)).find('\n' + line + '\n'), std::string::npos);
}

TEST(PostfixMilters, AreReadAsPostfixDoes) {
  const auto milters = parse_postfix_milters(
      "{ unix:a/b, default_action=accept, { command_timeout = 5s } }, inet:127.0.0.1:1 inet:[::1]:2");
  ASSERT_EQ(milters.size(), 3U);
  EXPECT_EQ(milters[0].socket, "unix:a/b");
  EXPECT_EQ(milters[0].settings.at("default_action"), "accept");
  EXPECT_EQ(milters[0].settings.at("command_timeout"), "5s");
  EXPECT_EQ(milters[1].text, "inet:127.0.0.1:1");
  EXPECT_EQ(milters[2].socket, "inet:[::1]:2");
}

TEST(PostfixFacts, ADashMeansNoChrootSinceLevelOne) {
  for (const auto& [level, chroot] : {std::pair("0", true), std::pair("2", false), std::pair("3.6", false)}) {
    const auto facts = parse_postfix_facts(std::string("compatibility_level = ") + level,
                                           "smtp/inet/chroot = -\nsmtp/inet/command = smtpd\n", "");
    ASSERT_EQ(facts.services.size(), 1U);
    EXPECT_EQ(facts.services.front().chroot, chroot) << level;
  }
}

}  // namespace
}  // namespace fallbackmx
