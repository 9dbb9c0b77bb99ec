#include "conf/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "conf/checks.h"
#include "probe/mail/host_name.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

using Lines = std::vector<std::string>;

/// Errors, then warnings, with `path` shown as milter.conf.
Lines complaints(const Config& config, const std::string& path = "") {
  Lines all = config.errors;
  for (const auto& warning : config.warnings) all.push_back("warning: " + warning);
  for (auto& line : all) {
    for (auto at = line.find(path); !path.empty() && at != std::string::npos; at = line.find(path)) {
      line.replace(at, path.size(), "milter.conf");
    }
  }
  return all;
}

Config read_text(std::string_view text) {
  const TemporaryFile file(text);
  auto config = read_config({file.path(), {}, {}});
  config.errors = complaints(config, file.path());
  config.warnings.clear();
  return config;
}

Config with_overrides(Lines overrides) { return read_config({"", {}, std::move(overrides)}); }

TEST(Config, WithoutFileItIsTheDefaults) {
  const auto config = read_config({});
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_EQ(complaints(config), Lines{});
  EXPECT_TRUE(config.written.empty());

  const auto& s = *config.settings;
  EXPECT_EQ(s.milter_socket_mode, 0660);
  EXPECT_EQ(s.answer_timeout, Seconds(8));
  EXPECT_EQ(s.address_verify_positive_expire_time, Seconds(31 * 86400));
  EXPECT_EQ(s.unverified_recipient_tempfail_action, UnverifiedAction::permit);
  EXPECT_EQ(s.primary_undecided_action, UndecidedAction::automatic);
  EXPECT_EQ(s.smtp_tls_security_level, TlsLevel::may);
  EXPECT_EQ(s.inet_interfaces, Words{"all"});
  EXPECT_TRUE(s.relay_domains.empty());
  EXPECT_TRUE(s.mynetworks.contains(boost::asio::ip::make_address("127.0.0.1")));
  EXPECT_EQ(s.smtpd_recipient_restrictions.back(), Restriction::reject_unverified_recipient);
  EXPECT_EQ(s.myhostname, host_name());
  EXPECT_EQ(s.smtp_helo_name, host_name());
}

TEST(Config, EveryDefaultOfTheTableFitsItsOwnTypeAndBounds) {
  for (const auto& parameter : parameter_table()) {
    const auto line = std::string(parameter.name) + "=" + std::string(parameter.initial);
    EXPECT_EQ(complaints(with_overrides({line})), Lines{}) << line;
  }
  const auto defaults = default_settings();
  const auto config = read_config({});
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help) \
  EXPECT_TRUE(defaults.name == config.settings->name) << #name;
#include "conf/parameters.def"
#undef PARAMETER
#undef SECTION
}

// Each wrong configuration of test/unit/config gets all its complaints at once, word for word, and no
// settings.
TEST(Config, EveryWrongConfigurationGetsItsErrors) {
  int seen = 0;
  for (const auto& found : std::filesystem::directory_iterator(FALLBACKMX_SOURCE_DIR "/test/unit/config")) {
    if (found.path().extension() != ".conf") continue;
    ++seen;
    auto want_path = found.path();
    std::ifstream want_file(want_path.replace_extension(".want"));
    ASSERT_TRUE(want_file) << want_path;
    Lines want;
    for (std::string line; std::getline(want_file, line);) want.push_back(line);

    const auto config = read_config({found.path(), {}, {}});
    EXPECT_EQ(complaints(config, found.path()), want) << found.path();
    EXPECT_EQ(config.settings == nullptr, !config.errors.empty()) << found.path();
  }
  EXPECT_GE(seen, 11);
}

TEST(Config, TheClassicFallbackMxRecipeMeansWhatItsAuthorsHopedFor) {
  const auto config = read_config({FALLBACKMX_SOURCE_DIR "/test/unit/config/classic_recipe.conf", {}, {}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  const auto& s = *config.settings;
  using enum Restriction;
  EXPECT_EQ(s.smtpd_recipient_restrictions,
            (Restrictions{permit_mynetworks, reject_unauth_destination, reject_unknown_recipient_domain,
                          reject_unverified_recipient}));
  EXPECT_EQ(s.smtpd_sender_restrictions,
            (Restrictions{reject_unknown_sender_domain, reject_unknown_helo_hostname}));
  EXPECT_EQ(s.unknown_address_reject_code, 550);
  EXPECT_EQ(s.unverified_recipient_reject_code, 550);
  EXPECT_EQ(s.unverified_recipient_reject_reason, "Address lookup failed");
  EXPECT_EQ(s.unverified_recipient_tempfail_action, UnverifiedAction::permit);
  EXPECT_FALSE(s.address_verify_negative_cache);
}

TEST(Config, RestrictionListsTakeCommasAndBlanks) {
  for (const auto* list :
       {"permit_mynetworks,reject_unverified_recipient", "permit_mynetworks reject_unverified_recipient",
        "permit_mynetworks ,\n\t, Reject_Unverified_Recipient,"}) {
    const auto config = read_text(std::string("smtpd_recipient_restrictions = ") + list + "\n");
    ASSERT_TRUE(config.settings) << config.errors[0];
    EXPECT_EQ(config.settings->smtpd_recipient_restrictions,
              (Restrictions{Restriction::permit_mynetworks, Restriction::reject_unverified_recipient}));
  }
}

TEST(Config, ANumberAloneCountsInTheUnitOfTheDefault) {
  const auto config =
      with_overrides({"address_verify_negative_refresh_time=3", "answer_timeout=3",
                      "address_verify_positive_expire_time=40", "address_verify_cache_cleanup_interval=0"});
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_EQ(config.settings->address_verify_negative_refresh_time, std::chrono::hours(3));
  EXPECT_EQ(config.settings->answer_timeout, Seconds(3));
  EXPECT_EQ(config.settings->address_verify_positive_expire_time, std::chrono::hours(40 * 24));
  EXPECT_EQ(config.settings->address_verify_cache_cleanup_interval, Seconds(0));
}

TEST(Config, TheCommandLineOutranksTheEnvironmentAndThatTheFile) {
  const TemporaryFile file("answer_timeout = 1s\nprobe_session_limit = 1\nsyslog_name = one\n");
  const auto config = read_config({file.path(),
                                   {{"answer_timeout", "2s"}, {"probe_session_limit", "2"}},
                                   {"answer_timeout=3s", "answer_timeout = 4s"}});
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_EQ(config.settings->answer_timeout, Seconds(4));
  EXPECT_EQ(config.settings->probe_session_limit, 2);
  EXPECT_EQ(config.settings->syslog_name, "one");
  const std::vector<std::pair<std::string, std::string>> written = {
      {"syslog_name", "one"}, {"probe_session_limit", "2"}, {"answer_timeout", "4s"}};
  EXPECT_EQ(config.written, written);
}

TEST(Config, ErrorsSayWhichSourceTheyAreFrom) {
  const auto config = read_config(
      {"",
       {{"answer_timeout", "2x"}, {"MYHOSTNAME", "a"}, {"SERVICE_HOST", "10.0.0.1"}, {"nonsense", "1"}},
       {"probe_session_limit=x", "nonsense", "=x", "relay_domain=a.example", "syslog_name=a\nb"}});
  EXPECT_EQ(
      complaints(config),
      (Lines{"environment FALLBACKMX_answer_timeout: answer_timeout: \"2x\" is not a time: a whole number, "
             "optionally followed by s, m, h, d or w",
             "environment FALLBACKMX_MYHOSTNAME: write it in lower case: FALLBACKMX_myhostname",
             "environment FALLBACKMX_nonsense: unknown parameter nonsense",
             "-o probe_session_limit=x: probe_session_limit: \"x\" is not a whole number",
             "-o nonsense: not of the form name=value", "-o =x: not of the form name=value",
             "-o relay_domain=a.example: unknown parameter relay_domain; did you mean relay_domains?",
             "-o syslog_name=a\nb: control character 0x0a",
             "warning: environment FALLBACKMX_SERVICE_HOST: not the name of a parameter; ignored"}));
  EXPECT_FALSE(config.settings);
}

TEST(Config, AFileThatIsNotThereIsOneError) {
  const auto config = read_config({"/nonexistent/milter.conf", {}, {"answer_timeout=0"}});
  EXPECT_EQ(complaints(config), (Lines{"cannot read /nonexistent/milter.conf: No such file or directory",
                                       "-o answer_timeout=0: answer_timeout: must be at least 1s"}));
}

TEST(Config, AFileThatIsSomethingElseDoesNotFillTheScreen) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "nonsense\n";
  EXPECT_EQ(read_text(text).errors.size(), 101U);
  EXPECT_EQ(read_text(text).errors.back(), "... and 4900 more");
}

TEST(Config, TheHostsNameIsUsedWhereMyhostnameIsEmpty) {
  const auto set = with_overrides({"myhostname=mx2.example.org"});
  EXPECT_EQ(set.settings->smtp_helo_name, "mx2.example.org");
  const auto empty = with_overrides({"myhostname=", "smtp_helo_name=a.$myhostname"});
  EXPECT_EQ(empty.settings->myhostname, host_name());
  EXPECT_EQ(empty.settings->smtp_helo_name, "a." + host_name());
}

TEST(Config, ASenderWithoutDomainGetsOursAsInPostfix) {
  struct {
    const char *written, *want;
  } const cases[] = {{"<>", "<>"},
                     {"", "<>"},
                     {"double-bounce", "double-bounce@mx2.example.org"},
                     {"probe@example.net", "probe@example.net"}};
  for (const auto& [written, want] : cases) {
    const auto config =
        with_overrides({"myhostname=mx2.example.org", std::string("address_verify_sender=") + written});
    ASSERT_TRUE(config.settings) << config.errors[0];
    EXPECT_EQ(config.settings->address_verify_sender, want);
  }
}

TEST(Config, AnEmptyVerifyMapIsMemoryAsInPostfix) {
  EXPECT_EQ(with_overrides({"address_verify_map="}).settings->address_verify_map, "memory:");
}

TEST(Config, ValuesOfItsOwnMakingMayBeUsedInOthers) {
  const auto config = read_text(
      "ours = example.org, example.net\nmydestination = a.example\n"
      "relay_domains = $ours $mydestination\n");
  ASSERT_TRUE(config.settings) << config.errors[0];
  EXPECT_TRUE(config.errors.empty()) << config.errors[0];
  EXPECT_TRUE(config.settings->relay_domains.matches("example.net"));
  EXPECT_TRUE(config.settings->relay_domains.matches("a.example"));
}

TEST(Config, PerTransportParametersOfPostfixAreKnown) {
  EXPECT_EQ(
      read_text("slow_destination_rate_delay = 1s\n").errors,
      Lines{"warning: milter.conf:1: slow_destination_rate_delay means something only to Postfix; ignored"});
  EXPECT_EQ(read_text("slow_destination_rat_delay = 1s\n").errors,
            Lines{"milter.conf:1: unknown parameter slow_destination_rat_delay"});
}

TEST(Config, ReadsTheEnvironmentsVariablesThatBearOurPrefix) {
  ASSERT_EQ(::setenv("FALLBACKMX_answer_timeout", "5s", 1), 0);
  const auto environment = config_environment();
  ::unsetenv("FALLBACKMX_answer_timeout");
  const std::pair<std::string, std::string> want = {"answer_timeout", "5s"};
  EXPECT_NE(std::find(environment.begin(), environment.end(), want), environment.end());
}

}  // namespace
}  // namespace fallbackmx
