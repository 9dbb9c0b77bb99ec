#include "conf/dump.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// The sample with every parameter in force: `#name = value` and what continues it.
std::string uncommented(const std::string& sample) {
  std::istringstream in(sample);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool prose = line.starts_with("# ") || line == "#";
    const bool continuation = line.starts_with("#    ");
    if (line.starts_with('#') && (!prose || continuation)) line.erase(0, 1);
    out += line + "\n";
  }
  return out;
}

TEST(Dump, ChangedIsWhatDiffersFromTheDefaultsAsWritten) {
  const TemporaryFile file(
      "transport_maps = hash:/x\n"
      "relay_domains = example.org,\n  example.net\n"
      "answer_timeout = 8\n"  // the default in other words
      "syslog_facility = mail\n"
      "myhostname = mx2.example.org\n"
      "smtp_rcpt_timeout = 1m\n");
  const auto config = read_config({file.path(), {{"unverified_header", "yes"}}, {"smtp_rcpt_timeout=2m"}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_EQ(dump_changed(config),
            "myhostname = mx2.example.org\n"
            "unverified_header = yes\n"
            "relay_domains = example.org,  example.net\n"
            "smtp_rcpt_timeout = 2m\n");
}

TEST(Dump, NothingIsChangedWithoutConfigurationOrWithErrors) {
  EXPECT_EQ(dump_changed(read_config({})), "");
  EXPECT_EQ(dump_changed(read_config({"", {}, {"answer_timeout=x", "soft_bounce=yes"}})), "");
}

TEST(Dump, EveryParameterIsInTheDefaultsTheSampleAndTheManual) {
  const auto defaults = "\n" + dump_defaults(), sample = sample_file(), manual = manual_section();
  for (const auto& p : parameter_table()) {
    const auto name = std::string(p.name);
    EXPECT_NE(defaults.find("\n" + name + " ="), std::string::npos) << name;
    EXPECT_NE(sample.find("\n#" + name + " ="), std::string::npos) << name;
    EXPECT_NE(manual.find("\n.It Ic " + name + " No = "), std::string::npos) << name;
  }
  for (const auto& [name, argument, help] : restriction_table()) {
    const auto item = "\n.It Ic " + std::string(name);
    const auto follows = argument == RestrictionArgument::table ? " Ar type:table\n" : "\n";
    EXPECT_NE(manual.find(item + follows), std::string::npos) << name;
  }
}

TEST(Dump, TheDefaultsAndTheSampleAreConfigurationsThatChangeNothing) {
  for (const auto& text : {dump_defaults(), sample_file(), uncommented(sample_file())}) {
    const TemporaryFile file(text);
    const auto config = read_config({file.path(), {}, {}});
    ASSERT_TRUE(config.settings) << config.errors[0] << "\n" << text;
    EXPECT_TRUE(config.warnings.empty()) << config.warnings[0];
    EXPECT_EQ(dump_changed(config), "");
  }
  const TemporaryFile file(uncommented(sample_file()));
  EXPECT_EQ(read_config({file.path(), {}, {}}).written.size(), parameter_table().size());
}

TEST(Dump, TheMilterConfInTheTreeIsTheSample) {
  std::ifstream file(FALLBACKMX_SOURCE_DIR "/conf/milter.conf");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), sample_file()) << "copy the build's conf/milter.conf over the tree's";
}

TEST(Dump, NoLineOfTheSampleIsLong) {
  std::istringstream in(sample_file());
  for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Dump, DifferencesFromPostfixAreDifferences) {
  const auto manual = manual_section();
  for (const auto* name : {"unknown_address_reject_code", "unverified_recipient_tempfail_action",
                           "address_verify_negative_cache"}) {
    EXPECT_NE(manual.find(std::string(".It Ic ") + name + "\n"), std::string::npos) << name;
  }
  EXPECT_EQ(manual.find("450 here, 450 in Postfix"), std::string::npos);
}

TEST(Dump, KindsAreDescribedWithTheirBounds) {
  const auto described = [](std::string_view name) { return describe_kind(*find_parameter(name)); };
  EXPECT_EQ(described("answer_timeout"), "A time, 1s to 10m; a number alone counts seconds.");
  EXPECT_EQ(described("address_verify_negative_refresh_time"),
            "A time, at least 1s; a number alone counts hours.");
  EXPECT_EQ(described("probe_session_limit"), "A number, 1 to 1000.");
  EXPECT_EQ(described("unverified_recipient_defer_code"), "A reply code, 200 to 499.");
  EXPECT_EQ(described("soft_bounce"), "Yes or no.");
  EXPECT_EQ(described("myhostname"), "");
}

}  // namespace
}  // namespace fallbackmx
