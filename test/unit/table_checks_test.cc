#include "milter/doctor/table_checks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "conf/config.h"
#include "conf/rewriting_tables.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

namespace fs = std::filesystem;

TEST(TableChecks, ATextThatIsNewerThanItsDatabaseIsFound) {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& name, std::string_view text, int age) {
    std::ofstream(directory / name) << text;
    fs::last_write_time(directory / name, fs::file_time_type::clock::now() - std::chrono::hours(age));
    return directory / name;
  };
  const auto access = write("access", "example.org OK\n", 1), relay = write("relay", "example.org x\n", 3),
             policy = write("policy", "example.org may\n", 1);
  write("access.db", "", 2);   // older
  write("relay.lmdb", "", 2);  // newer
  write("policy.db", "", 2);   // of no concern: texthash reads the text
  const auto config = read_config(
      {"",
       {},
       {"myhostname=mx.example.net", "relay_domains=lmdb:" + relay, "smtp_tls_policy_maps=texthash:" + policy,
        "smtpd_sender_restrictions=check_sender_access hash:" + access,
        "smtpd_helo_restrictions=check_helo_access inline:{ a=OK, b=OK }"}});
  ASSERT_TRUE(config.settings) << config.errors.at(0);
  const auto ailments = table_ailments(outdated_tables(*config.settings));
  ASSERT_EQ(ailments.size(), 1u);
  EXPECT_EQ(ailments[0].name, "table-outdated");
  EXPECT_EQ(ailments[0].mend, "postmap hash:" + access);
  EXPECT_TRUE(table_ailments({}).empty());
}

TEST(TableChecks, ARewritingTableThatIsNotReadIsFound) {
  const auto config = read_config(
      {"",
       {},
       {"myhostname=mx.example.net", "virtual_alias_maps=ldap:/etc/aliases.cf inline:{a@example.org=b}"}});
  ASSERT_TRUE(config.settings) << config.errors.at(0);
  std::vector<std::string> warnings;
  open_rewriting_tables(*config.settings, warnings);
  const auto ailments = rewriting_ailments(warnings);
  ASSERT_EQ(ailments.size(), 1u);
  EXPECT_EQ(ailments[0].name, "rewriting-unknown");
  EXPECT_NE(ailments[0].what.find("ldap:/etc/aliases.cf"), std::string::npos) << ailments[0].what;
  EXPECT_EQ(ailments[0].mend, "in milter.conf: virtual_alias_maps = texthash:/file/with/the/same/rows");
}

}  // namespace
}  // namespace fallbackmx
