// Each mistake around the milter but those of an MTA's configuration, and what is said of it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "milter/doctor/dns_checks.h"
#include "milter/doctor/domain_checks.h"
#include "milter/doctor/local_checks.h"
#include "milter/libmilter/socket_address.h"
#include "probe/base/file_descriptor.h"
#include "test/unit/ip.h"
#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// The names of what was found; each has a sentence and a mend.
std::string names(const Ailments& ailments) {
  std::string text;
  for (const auto& each : ailments) {
    EXPECT_FALSE(each.what.empty() || each.mend.empty()) << each.name;
    text += (text.empty() ? "" : " ") + each.name;
  }
  return text;
}

TEST(SocketChecks, NameEachMistake) {
  const MilterSocket socket = *MilterSocket::parse("unix:/run/fallbackmx/milter.sock");
  EXPECT_EQ(names(socket_ailments({.socket = socket})), "");
  EXPECT_EQ(names(socket_ailments({.socket = socket, .there = false, .silence = "x", .kept_out = "y"})),
            "daemon-not-running");
  EXPECT_EQ(names(socket_ailments({.socket = socket, .silence = "Connection refused"})),
            "daemon-not-running");
  const auto kept_out = socket_ailments(
      {.socket = socket, .mta_user = "postfix", .kept_out = "user postfix may not enter /run/fallbackmx"});
  ASSERT_EQ(names(kept_out), "socket-permissions");
  EXPECT_EQ(kept_out.front().mend,
            "chgrp postfix /run/fallbackmx && chmod 2750 /run/fallbackmx, milter_socket_mode = 0660 in "
            "milter.conf, "
            "systemctl restart fallbackmx");
}

// A connection over TCP does not come about at once.
TEST(SocketChecks, SomebodyListensOverTcp) {
  MilterSocket socket = *MilterSocket::parse("inet:127.0.0.1:1");
  EXPECT_FALSE(somebody_listens(*own_address(socket)));
  EXPECT_EQ(errno, ECONNREFUSED);
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
  socket.port = ntohs(any.sin_port);
  EXPECT_TRUE(somebody_listens(*own_address(socket)));
}

TEST(StateChecks, AMemoryThatCannotBeWrittenIsNamed) {
  EXPECT_EQ(names(state_ailments({.file = "/var/lib/fallbackmx/verify.db"})), "");
  EXPECT_EQ(names(state_ailments({.file = "", .not_writable = "x"})), "");
  const auto found = state_ailments({.file = "/var/lib/fallbackmx/verify.db",
                                     .user = "_fallbackmx",
                                     .not_writable = "user _fallbackmx may not write"});
  ASSERT_EQ(names(found), "memory-not-writable");
  EXPECT_EQ(
      found.front().mend,
      "install -d -o _fallbackmx -g _fallbackmx -m 0750 /var/lib/fallbackmx && systemctl restart fallbackmx");
}

TEST(BindChecks, AnAddressThatCannotBeHadIsNamed) {
  EXPECT_EQ(names(bind_ailments({})), "");
  const std::string what =
      "smtp_bind_address6 = 2001:db8::77: Cannot assign requested address; probes come from "
      "another address of this machine";
  const auto found = bind_ailments({.troubles = {what}});
  ASSERT_EQ(names(found), "bind-address");
  EXPECT_EQ(found.front().what, what);
  EXPECT_EQ(found.front().mend,
            "an address of this machine, or nothing, for smtp_bind_address6 in milter.conf; "
            "systemctl restart fallbackmx");
}

TEST(ResolverChecks, NameEachMistake) {
  Settings may = default_settings(), dane = default_settings();
  dane.smtp_tls_security_level = TlsLevel::dane;
  const ResolverFacts good{.servers = {{"127.0.0.1:53", "", true}}, .authentic = true};
  const ResolverFacts silent{.servers = {{"192.0.2.1:53", "no answer in time"}, {"127.0.0.1:53", "", true}},
                             .authentic = true};
  const ResolverFacts without_ad{.servers = {{"127.0.0.1:53", "", true}}};
  const ResolverFacts strange{.servers = {{"192.0.2.1:53", "", false}}};
  EXPECT_EQ(names(resolver_ailments(good, dane)), "");
  EXPECT_EQ(names(resolver_ailments(without_ad, may)), "") << "nobody needs it";
  EXPECT_EQ(names(resolver_ailments(silent, dane)), "name-server-silent");
  EXPECT_EQ(names(resolver_ailments(without_ad, dane)), "resolver-without-ad");
  ASSERT_EQ(names(resolver_ailments(strange, dane)), "resolver-without-ad");
  EXPECT_NE(resolver_ailments(strange, dane).front().what.find("trusted_resolver"), std::string::npos);
}

TEST(ResolverChecks, SayForWhichNamesOldAnswersAreUsedAndSinceWhen) {
  EXPECT_EQ(names(stale_ailments({})), "");
  const auto found =
      stale_ailments({{"example.org", "2026-11-22T10:00:00Z", "example.org MX: SERVFAIL"},
                      {"mx1.example.org", "2026-11-22T10:00:01Z", "mx1.example.org A: SERVFAIL"}});
  ASSERT_EQ(names(found), "dns-stale");
  EXPECT_EQ(
      found.front().what,
      "the DNS gives no answer about example.org since 2026-11-22T10:00:00Z, mx1.example.org since "
      "2026-11-22T10:00:01Z, and the last good answers are used, for as long as stale_answer_time says: "
      "example.org MX: SERVFAIL");
}

TEST(ResolverChecks, DaneForOneDomainIsEnough) {
  const TemporaryFile hops("example.org may\n.example.net dane-only\n"),
      domains("example.org verify=no\nexample.net smtp_tls_security_level=dane\n");
  const ResolverFacts without_ad{.servers = {{"127.0.0.1:53", "", true}}};
  Settings by_hop = default_settings(), by_domain = default_settings();
  by_hop.smtp_tls_policy_maps = *TlsPolicies::parse("texthash:" + hops.path());
  by_domain.recipient_policy_maps = *RecipientPolicies::parse("texthash:" + domains.path());
  for (const auto& [settings, parameter] :
       {std::pair(by_hop, "smtp_tls_policy_maps"), std::pair(by_domain, "recipient_policy_maps")}) {
    const auto found = resolver_ailments(without_ad, settings);
    ASSERT_EQ(names(found), "resolver-without-ad");
    EXPECT_TRUE(found.front().what.starts_with(parameter)) << found.front().what;
  }
}

TEST(HeloChecks, NameEachMistake) {
  const DnsAnswer none{.status = DnsAnswer::Status::nx_domain}, silence{};
  const DnsAnswer address{.status = DnsAnswer::Status::ok, .addresses = {ip("192.0.2.20")}};
  EXPECT_EQ(names(helo_ailments({"mx2.example.net", address, none, true})), "");
  EXPECT_EQ(names(helo_ailments({"mx2.example.net", silence, silence, false})), "") << "nothing was learned";
  EXPECT_EQ(names(helo_ailments({"mx2.example.net", none, none, false})), "helo-name-without-address");
  EXPECT_EQ(names(helo_ailments({"mx2.example.net", address, none, false})), "helo-name-of-another");
  EXPECT_EQ(names(helo_ailments({"localhost", address, none, true})), "helo-name-unusable");
}

/// A domain with a healthy primary, of which we are the fallback.
DomainFacts healthy() {
  DomainFacts facts{.domain = "example.org", .next_hop = "example.org", .mx = {}};
  facts.mx.status = DnsAnswer::Status::ok;
  facts.mx.mx = {{10, "mx1.example.org"}, {20, "mx2.example.net"}};
  facts.we_are_mx = true;
  facts.route.endpoints = {{.host = "mx1.example.org", .address = ip("192.0.2.1")}};
  facts.route.from_mx = true;
  facts.nobody = Finding{.verdict = Verdict::undeliverable, .stage = Stage::rcpt, .code = 550};
  return facts;
}

TEST(DomainChecks, NameEachMistakeInDns) {
  const auto lost = [](Verdict trouble) {
    DomainFacts facts = healthy();
    facts.route = {.trouble = trouble, .why = "why"};
    facts.nobody.reset();
    return facts;
  };
  const Settings settings = default_settings();
  EXPECT_EQ(names(domain_ailments(healthy(), settings)), "");
  EXPECT_EQ(names(domain_ailments(lost(Verdict::misrouted), settings)), "mx-only-ourselves");
  EXPECT_EQ(names(domain_ailments(lost(Verdict::unavailable), settings)), "dns-without-answer");
  DomainFacts facts = lost(Verdict::misrouted);
  facts.we_are_mx = false;
  EXPECT_EQ(names(domain_ailments(facts, settings)), "no-primary") << "its MX hosts have no address";
  facts.mx = {.status = DnsAnswer::Status::nx_domain};
  EXPECT_EQ(names(domain_ailments(facts, settings)), "domain-without-mx");
  facts = healthy();
  facts.mx = {.status = DnsAnswer::Status::no_data};
  EXPECT_EQ(names(domain_ailments(facts, settings)), "domain-without-mx")
      << "its own address is its only host";
  facts = healthy();
  facts.we_are_mx = false;
  EXPECT_EQ(names(domain_ailments(facts, settings)), "not-an-mx");
  facts.next_hop = "[mail.example.org]";
  EXPECT_EQ(names(domain_ailments(facts, settings)), "") << "a gateway need not be an MX";
}

TEST(DomainChecks, AServerThatWaitsForTlsAtPort465IsNamed) {
  DomainFacts facts = healthy();
  facts.route.endpoints.front().port = 465;
  Settings settings = default_settings();
  facts.nobody = Finding{.verdict = Verdict::unavailable, .stage = Stage::greeting, .why = "why"};
  ASSERT_EQ(names(domain_ailments(facts, settings)), "wrappermode-missing");
  EXPECT_NE(domain_ailments(facts, settings).front().mend.find("smtp_tls_wrappermode = yes"),
            std::string::npos);
  facts.nobody = Finding{.verdict = Verdict::late, .stage = Stage::rcpt, .why = "why"};
  EXPECT_EQ(names(domain_ailments(facts, settings)), "wrappermode-missing");
  settings.smtp_tls_wrappermode = true;
  EXPECT_EQ(names(domain_ailments(facts, settings)), "primary-slow");
  settings.smtp_tls_wrappermode = false;
  facts.nobody = Finding{.verdict = Verdict::unavailable, .stage = Stage::connect, .why = "why"};
  EXPECT_EQ(names(domain_ailments(facts, settings)), "primary-unreachable");
}

TEST(DomainChecks, NameEachMistakeOfAPrimary) {
  const struct {
    Verdict verdict;
    Stage stage;
    int code;
    const char* want;
  } table[] = {
      {Verdict::undeliverable, Stage::rcpt, 550, ""},
      {Verdict::deliverable, Stage::rcpt, 250, "accepts-everybody"},
      {Verdict::refused, Stage::mail, 550, "refuses-null-sender"},
      {Verdict::refused, Stage::rcpt, 550, "control-recipient-refused"},
      {Verdict::refused, Stage::ehlo, 550, "refuses-us"},
      {Verdict::refused, Stage::starttls, 0, "tls-not-met"},
      {Verdict::unavailable, Stage::greeting, 554, "refuses-us"},
      {Verdict::unavailable, Stage::greeting, 421, "primary-unreachable"},
      {Verdict::unavailable, Stage::connect, 0, "primary-unreachable"},
      {Verdict::deferred, Stage::rcpt, 450, "defers-us"},
      {Verdict::misrouted, Stage::greeting, 220, "primary-is-ourselves"},
      {Verdict::late, Stage::rcpt, 0, "primary-slow"},
  };
  for (const auto& row : table) {
    DomainFacts facts = healthy();
    facts.nobody = Finding{.verdict = row.verdict, .stage = row.stage, .code = row.code, .why = "why"};
    EXPECT_EQ(names(domain_ailments(facts, default_settings())), row.want) << to_string(row.verdict);
  }
}

TEST(DomainChecks, RecipientsThatNobodyIsAskedAboutAreNamed) {
  Settings settings = default_settings();
  DomainFacts facts{.domain = "example.org", .next_hop = "example.org"};
  facts.not_asked = "example.org is not in relay_domains of milter.conf, but the MTA passes the recipient on";
  settings.relay_domains = *DomainList::parse("example.com");
  const auto found = domain_ailments(facts, settings);
  ASSERT_EQ(names(found), "not-asked");
  EXPECT_EQ(found.front().mend, "relay_domains = example.com, example.org in milter.conf");
}

TEST(DomainChecks, ADomainWithoutARealRecipientIsNamed) {
  DomainFacts facts = healthy();
  facts.no_real_recipient = true;
  const auto found = domain_ailments(facts, default_settings());
  ASSERT_EQ(names(found), "no-real-recipient");
  EXPECT_NE(found.front().mend.find("probe_control_recipient=jane@example.org"), std::string::npos);
}

TEST(DomainChecks, ARelayhostThatAcceptsEverybodyIsNoPrimary) {
  DomainFacts facts = healthy();
  facts.next_hop = "[smart.example]";
  facts.by_relayhost = true;
  facts.nobody = Finding{.verdict = Verdict::deliverable, .stage = Stage::rcpt, .code = 250};
  const auto found = domain_ailments(facts, default_settings());
  ASSERT_EQ(names(found), "accepts-everybody");
  EXPECT_NE(found.front().mend.find("[smart.example] is Postfix's relayhost"), std::string::npos);
}

}  // namespace
}  // namespace fallbackmx
