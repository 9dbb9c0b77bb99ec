#include "milter/doctor/sendmail_checks.h"

#include <gtest/gtest.h>

#include "milter/doctor/mta_config.h"

namespace fallbackmx {
namespace {

const MilterSocket our_socket = *MilterSocket::parse("unix:/run/fallbackmx/milter.sock");

std::string found(const std::string& sendmail_cf, const char* relay_domains = "example.org") {
  Settings settings = default_settings();
  settings.relay_domains = *DomainList::parse(relay_domains);
  std::string text;
  for (const Ailment& each : sendmail_ailments(sendmail_cf, our_socket, settings)) text += each.name + ' ';
  return text;
}

TEST(SendmailChecks, NameEachMistake) {
  const struct {
    const char* name;
    std::string cf;
    const char* want;
  } table[] = {
      {"nothing is wrong",
       "Xfallbackmx, S=local:/run/fallbackmx/milter.sock, F=T, T=C:10s;S:10s;R:30s;E:5m\n", ""},
      {"no filter", "O InputMailFilters=\n", "not-in-sendmail-cf "},
      {"another filter", "Xdkim, S=local:/run/dkim.sock, F=T, T=R:1m\n", "not-in-sendmail-cf "},
      {"without F", "Xfallbackmx, S=unix:/run/fallbackmx/milter.sock, T=R:30s\n", "sendmail-flag "},
      {"reject when it is away", "Xfallbackmx, S=local:/run/fallbackmx/milter.sock, F=R, T=R:30s\n",
       "sendmail-flag "},
      {"too little patience", "Xfallbackmx, S=local:/run/fallbackmx/milter.sock, F=T, T=C:10s;R:8s\n",
       "command-timeout "},
      {"Sendmail's own patience is enough", "Xfallbackmx, S=local:/run/fallbackmx/milter.sock, F=T\n", ""},
  };
  for (const auto& row : table) EXPECT_EQ(found(row.cf), row.want) << row.name;
}

TEST(SendmailChecks, WithoutRelayDomainsNobodyIsVerified) {
  EXPECT_EQ(found("Xfallbackmx, S=local:/run/fallbackmx/milter.sock, F=T\n", ""), "relay-domains-unknown ");
}

TEST(SendmailChecks, AMailertableSaysWhereADomainGoes) {
  const char* table =
      "# comment\nexample.org\tesmtp:[mail.example.org]\n.Example.net smtp:relay.example.net\n\nbroken\n";
  EXPECT_EQ(mailertable_next_hop(table, "example.org"), "[mail.example.org]");
  EXPECT_EQ(mailertable_next_hop(table, "a.example.net"), "relay.example.net");
  EXPECT_EQ(mailertable_next_hop(table, "example.com"), "");
  EXPECT_EQ(mailertable_next_hop(table, "broken"), "");
}

TEST(MtaConfig, HasTheLineOfTheManual) {
  EXPECT_EQ(sendmail_line(our_socket),
            "INPUT_MAIL_FILTER(`fallbackmx', `S=local:/run/fallbackmx/milter.sock, F=T, "
            "T=C:10s;S:10s;R:30s;E:5m')dnl");
  EXPECT_EQ(sendmail_line(*MilterSocket::parse("inet:127.0.0.1:9900")).substr(0, 50),
            "INPUT_MAIL_FILTER(`fallbackmx', `S=inet:9900@127.0");
}

}  // namespace
}  // namespace fallbackmx
