#include "probe/wire/tls_policy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace fallbackmx {
namespace {

TEST(TlsLevels, AreNamedAsInPostfix) {
  for (const char* name : {"none", "may", "encrypt", "dane", "dane-only", "verify", "secure"}) {
    const auto level = tls_level_named(name);
    ASSERT_TRUE(level) << name;
    EXPECT_EQ(to_string(*level), name);
  }
  EXPECT_EQ(*tls_level_named("DANE-Only"), TlsLevel::dane_only);
  EXPECT_FALSE(tls_level_named("must"));
  EXPECT_NE(tls_level_named("fingerprint").error().find("dane"), std::string::npos);
}

TEST(TlsProtocols, AreWrittenAsInPostfix) {
  struct Row {
    const char* text;
    unsigned want;
  };
  constexpr unsigned t0 = TlsProtocols::tls1, t1 = TlsProtocols::tls1_1, t2 = TlsProtocols::tls1_2,
                     t3 = TlsProtocols::tls1_3;
  for (const auto& [text, want] :
       {Row{"", t0 | t1 | t2 | t3}, Row{">=TLSv1.2", t2 | t3}, Row{"<=TLSv1.2", t0 | t1 | t2},
        Row{">=TLSv1.1, <=TLSv1.2", t1 | t2}, Row{"!SSLv2, !SSLv3, !TLSv1", t1 | t2 | t3}, Row{"TLSv1.2", t2},
        Row{"tlsv1.2 tlsv1.3", t2 | t3}, Row{"TLSv1.1 TLSv1.2 !TLSv1.1", t2}}) {
    const auto protocols = TlsProtocols::parse(text);
    ASSERT_TRUE(protocols) << text;
    for (const auto version :
         {TlsProtocols::tls1, TlsProtocols::tls1_1, TlsProtocols::tls1_2, TlsProtocols::tls1_3}) {
      EXPECT_EQ(protocols->contains(version), (want & version) != 0) << text << " version " << version;
    }
  }
  EXPECT_FALSE(TlsProtocols::parse("TLSv2"));
  EXPECT_FALSE(TlsProtocols::parse("SSLv3")) << "nothing is left";
}

/// A table in a file of its own.
class TableFile {
 public:
  explicit TableFile(const std::string& text) {
    close(mkstemp(path_.data()));
    std::ofstream(path_) << text;
  }
  ~TableFile() { unlink(path_.c_str()); }
  std::string name() const { return "texthash:" + path_; }

 private:
  std::string path_ = "/tmp/fallbackmx-policies-XXXXXX";
};

TEST(TlsPolicies, AreFoundByNextHopAndByParent) {
  const TableFile file(
      "example.org        secure match=.mail.example.org:mx.example.org\n"
      ".example.net       encrypt protocols=>=TLSv1.3\n"
      "[mx.example.com]   none\n"
      "[mx.example.com]:2525   dane-only\n");
  const auto policies = TlsPolicies::parse(file.name());
  ASSERT_TRUE(policies) << policies.error();
  EXPECT_EQ(policies->find("example.org")->level, TlsLevel::secure);
  EXPECT_EQ(policies->find("EXAMPLE.org")->match,
            (std::vector<std::string>{".mail.example.org", "mx.example.org"}));
  EXPECT_EQ(policies->find("sub.example.org"), nullptr);
  EXPECT_EQ(policies->find("a.b.example.net")->level, TlsLevel::encrypt);
  EXPECT_EQ(policies->find("example.net"), nullptr) << "the parent's dot means below";
  EXPECT_EQ(policies->find("[mx.example.com]")->level, TlsLevel::none);
  EXPECT_EQ(policies->find("[mx.example.com]:2525")->level, TlsLevel::dane_only);
  EXPECT_EQ(policies->find("[mx.example.net]"), nullptr) << "no parents for brackets";
}

TEST(TlsPolicies, SayWhichLineIsWrong) {
  for (const auto& [text, want] :
       {std::pair{"example.org must\n", ":1: \"must\" is not a TLS level"},
        std::pair{"a.org may\nb.org secure mach=x\n", ":2: \"mach=x\" is not an attribute"},
        std::pair{"a.org encrypt protocols=TLSv9\n", "\"TLSv9\" is not a TLS version"}}) {
    const TableFile file(text);
    const auto policies = TlsPolicies::parse(file.name());
    ASSERT_FALSE(policies) << text;
    EXPECT_NE(policies.error().find(want), std::string::npos) << policies.error();
  }
}

const Endpoint secure_mx{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1"), 25, 10, true,
                         "example.org"};
const Endpoint insecure_mx{"mx1.example.org", boost::asio::ip::make_address("192.0.2.1"), 25, 10, false,
                           "example.org"};

DnsAnswer tlsa(std::vector<TlsaRecord> records, bool authentic = true) {
  DnsAnswer answer;
  answer.status = records.empty() ? DnsAnswer::Status::no_data : DnsAnswer::Status::ok;
  answer.tlsa = std::move(records);
  answer.authentic = authentic;
  return answer;
}

struct DaneRow {
  std::string name;
  TlsLevel policy;
  bool asked;
  DnsAnswer answer;
  TlsLevel want;
  bool possible = true;
};

TEST(TlsDemand, UnderDaneFollowsRfc7672) {
  const DnsAnswer failed;  // temporary
  const TlsaRecord good{3, 1, 1, std::string(32, 'k')}, pkix{1, 1, 1, std::string(32, 'k')};
  const std::vector<DaneRow> rows = {
      {"usable records", TlsLevel::dane, true, tlsa({good}), TlsLevel::dane},
      {"usable beside unusable ones", TlsLevel::dane, true, tlsa({pkix, good}), TlsLevel::dane},
      {"only unusable records: encrypt", TlsLevel::dane, true, tlsa({pkix}), TlsLevel::encrypt},
      {"only unusable records, dane-only", TlsLevel::dane_only, true, tlsa({pkix}), TlsLevel::encrypt, false},
      {"no records: may", TlsLevel::dane, true, tlsa({}), TlsLevel::may},
      {"no records, dane-only", TlsLevel::dane_only, true, tlsa({}), TlsLevel::dane, false},
      {"records of an insecure zone: may", TlsLevel::dane, true, tlsa({good}, false), TlsLevel::may},
      {"insecure MX: may, and nobody asks", TlsLevel::dane, false, {}, TlsLevel::may},
      {"insecure MX, dane-only", TlsLevel::dane_only, false, {}, TlsLevel::dane, false},
      {"bogus or no answer: nothing is sent", TlsLevel::dane, true, failed, TlsLevel::dane, false},
  };
  for (const DaneRow& row : rows) {
    SCOPED_TRACE(row.name);
    const TlsPolicy policy{.level = row.policy};
    EXPECT_EQ(needs_tlsa(policy, row.asked ? secure_mx : insecure_mx), row.asked);
    const TlsDemand demand =
        tls_demand(policy, row.asked ? secure_mx : insecure_mx, row.asked ? &row.answer : nullptr);
    EXPECT_EQ(to_string(demand.level), to_string(row.want));
    EXPECT_EQ(demand.why_not.empty(), row.possible) << demand.why_not;
    for (const TlsaRecord& record : demand.tlsa) EXPECT_GE(record.usage, 2);
  }
  EXPECT_TRUE(tls_demand({.level = TlsLevel::dane}, secure_mx, &failed).unavailable);
}

TEST(TlsDemand, NamesToMatchAreThoseOfPostfix) {
  const auto names = [](TlsPolicy policy) { return tls_demand(policy, secure_mx, nullptr).names; };
  EXPECT_EQ(names({.level = TlsLevel::verify}), (std::vector<TlsName>{{"mx1.example.org"}}));
  EXPECT_EQ(names({.level = TlsLevel::secure}),
            (std::vector<TlsName>{{"example.org"}, {"example.org", true}}));
  EXPECT_EQ(names({.level = TlsLevel::secure, .match = {"hostname", ".example.net", "mx.example.com"}}),
            (std::vector<TlsName>{{"mx1.example.org"}, {"example.net", true}, {"mx.example.com"}}));
  EXPECT_TRUE(names({.level = TlsLevel::encrypt}).empty());
}

TEST(TlsPolicy, ARowOutranksTheLevelForAll) {
  const TableFile file("example.org encrypt\n");
  Settings settings;
  settings.smtp_tls_security_level = TlsLevel::may;
  settings.smtp_tls_mandatory_protocols = *TlsProtocols::parse(">=TLSv1.2");
  settings.smtp_tls_policy_maps = *TlsPolicies::parse(file.name());
  EXPECT_EQ(tls_policy(settings, "example.org").level, TlsLevel::encrypt);
  EXPECT_EQ(tls_policy(settings, "example.org").protocols.text(), ">=TLSv1.2");
  EXPECT_EQ(tls_policy(settings, "example.net").level, TlsLevel::may);
}

TEST(TlsaName, BearsPortAndBase) {
  EXPECT_EQ(tlsa_name(secure_mx, "mx1.example.org"), "_25._tcp.mx1.example.org");
}

// RFC 7672 section 2.2.2: the name at the end of the chain, then the alias.
TEST(TlsaBases, BeginAtTheEndOfTheChain) {
  Endpoint alias = secure_mx;
  EXPECT_EQ(tlsa_bases(alias), std::vector<std::string>{"mx1.example.org"});
  alias.canonical = "mx1.hoster.example";
  EXPECT_EQ(tlsa_bases(alias), (std::vector<std::string>{"mx1.hoster.example", "mx1.example.org"}));
  alias.next_hop_canonical = "example.net";
  const DnsAnswer answer = tlsa({{2, 1, 1, std::string(32, 'k')}});
  EXPECT_EQ(tls_demand({.level = TlsLevel::dane}, alias, &answer, "mx1.hoster.example").names,
            (std::vector<TlsName>{{"mx1.hoster.example"}, {"example.org"}, {"example.net"}}))
      << "the first is what SNI says";
}

// What a signed alias leads to need not be signed: then the keys are at the alias alone.
TEST(TlsaBases, OfASignedAliasOfWhatIsNotSignedIsTheAlias) {
  Endpoint alias = secure_mx;
  alias.authenticated = false;
  alias.host_authentic = true;
  EXPECT_FALSE(may_need_tlsa({.level = TlsLevel::dane}, alias)) << "no alias";
  alias.canonical = "mx1.hoster.example";
  EXPECT_TRUE(may_need_tlsa({.level = TlsLevel::dane}, alias));
  EXPECT_FALSE(may_need_tlsa({.level = TlsLevel::may}, alias));
  EXPECT_EQ(tlsa_bases(alias), std::vector<std::string>{"mx1.example.org"});
  alias.host_authentic = false;
  EXPECT_FALSE(may_need_tlsa({.level = TlsLevel::dane}, alias)) << "found by an insecure MX record";
}

TEST(TlsDemand, InWrappermodeIsNeverPlaintext) {
  const DnsAnswer none = tlsa({});
  const auto level = [&](TlsLevel policy, const DnsAnswer* answer) {
    const TlsDemand demand = tls_demand({.level = policy, .wrapped = true}, secure_mx, answer);
    EXPECT_TRUE(demand.wrapped);
    return demand.level;
  };
  EXPECT_EQ(level(TlsLevel::may, nullptr), TlsLevel::encrypt) << "a row of smtp_tls_policy_maps";
  EXPECT_EQ(level(TlsLevel::encrypt, nullptr), TlsLevel::encrypt);
  EXPECT_EQ(level(TlsLevel::dane, nullptr), TlsLevel::encrypt) << "an insecure MX";
  EXPECT_EQ(level(TlsLevel::dane, &none), TlsLevel::encrypt);
  EXPECT_EQ(level(TlsLevel::secure, nullptr), TlsLevel::secure);
}

TEST(TlsPolicy, WrappermodeIsForSmtpAlone) {
  const TableFile file("plain.example none\n");
  Settings settings;
  settings.smtp_tls_security_level = TlsLevel::secure;
  settings.smtp_tls_wrappermode = true;
  settings.smtp_tls_policy_maps = *TlsPolicies::parse(file.name());
  EXPECT_TRUE(tls_policy(settings, "example.org").wrapped);
  EXPECT_FALSE(tls_policy(settings, "plain.example").wrapped);
  EXPECT_FALSE(tls_policy(settings, "lmtp:inet:127.0.0.1:24").wrapped);
  EXPECT_EQ(tls_policy(settings, "lmtp:inet:127.0.0.1:24").level, TlsLevel::may);
  EXPECT_EQ(tls_policy(settings, "lmtp:inet:127.0.0.1:24", TlsLevel::encrypt).level, TlsLevel::encrypt);
  EXPECT_EQ(tls_policy(settings, "lmtp:unix:/run/lmtp", TlsLevel::encrypt).level, TlsLevel::none);
}

TEST(TlsPolicies, ASocketmapIsAskedInItsPlace) {
  const auto policies =
      TlsPolicies::parse("inline:{ first.example=none } socketmap:unix:/run/sts:QUERY static:may");
  ASSERT_TRUE(policies) << policies.error();
  EXPECT_TRUE(policies->has_socketmap());
  std::string asked;
  const auto ask = [&](const SocketmapName& map,
                       const std::string& key) -> Result<std::optional<std::string>> {
    asked += map.map + " " + key + " ";
    if (key == "down.example") return Error{"no answer"};
    if (key == "sts.example")
      return std::optional<std::string>(
          "secure match=mx1.sts.example servername=hostname policy_type=sts policy_ttl=604800 "
          "{ policy_string = version: STSv1 } mx_host_pattern=mx1.sts.example");
    if (key == "odd.example") return std::optional<std::string>("strange");
    return std::optional<std::string>();
  };
  const auto level = [&](const std::string& next_hop) {
    const auto found = policies->find(next_hop, ask);
    return !found              ? found.error()
           : *found == nullptr ? "none known"
                               : std::string(to_string((*found)->level));
  };
  EXPECT_EQ(level("first.example"), "none");
  EXPECT_EQ(asked, "");
  EXPECT_EQ(level("sts.example"), "secure");
  EXPECT_EQ((*policies->find("sts.example", ask))->match, std::vector<std::string>{"mx1.sts.example"});
  EXPECT_EQ(level("other.example"), "may");
  EXPECT_EQ(level("down.example"), "no answer");
  EXPECT_EQ(level("odd.example"),
            "socketmap:unix:/run/sts:QUERY: \"strange\" for odd.example: \"strange\" is not a TLS level: "
            "none, may, "
            "encrypt, dane, dane-only, verify or secure");
}

TEST(TlsPolicy, ThatNobodyKnowsIsNone) {
  Settings settings = default_settings();
  settings.smtp_tls_policy_maps = *TlsPolicies::parse("socketmap:inet:127.0.0.1:8461:postfix");
  const auto silent = [](const SocketmapName&, const std::string&) -> Result<std::optional<std::string>> {
    return Error{"no answer"};
  };
  EXPECT_FALSE(tls_policy(settings, "example.org", std::nullopt, silent));
  EXPECT_EQ(tls_policy(settings, "example.org", TlsLevel::may, silent)->level, TlsLevel::may)
      << "the domain has a level of its own";
}

TEST(SocketmapNames, AreWrittenAsInPostfix) {
  const auto unix_name = SocketmapName::parse("socketmap:unix:/run/tlspol:QUERYwithTLSRPT");
  ASSERT_TRUE(unix_name) << unix_name.error();
  EXPECT_EQ(unix_name->path, "/run/tlspol");
  EXPECT_EQ(unix_name->map, "QUERYwithTLSRPT");
  const auto inet = SocketmapName::parse("socketmap:inet:[::1]:8461:postfix");
  ASSERT_TRUE(inet) << inet.error();
  EXPECT_EQ(inet->address, "::1");
  EXPECT_EQ(inet->port, 8461);
  EXPECT_EQ(SocketmapName::parse("socketmap:inet:localhost:1:x")->address, "127.0.0.1");
  for (const auto* bad :
       {"socketmap:unix:run:x", "socketmap:inet:host.example:1:x", "socketmap:inet:127.0.0.1:x",
        "socketmap:/run/x", "socketmap:unix:/run/x:", "socketmap:inet:127.0.0.1:0:x"})
    EXPECT_FALSE(SocketmapName::parse(bad)) << bad;
}

}  // namespace
}  // namespace fallbackmx
