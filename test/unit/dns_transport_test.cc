#include "probe/dns/dns_transport.h"

#include <gtest/gtest.h>

#include "test/fake/dns_server.h"

namespace fallbackmx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Lie = DnsServer::Lie;
using Manner = DnsServer::Manner;

const std::string asked = "example.org MX";
const WirePacket truth{.answer = {"example.org MX 10 mx1.example.org"}};

/// Two servers of which the first is asked first.
class DnsTransportTest : public testing::Test {
 protected:
  DnsTransport::Outcome ask(seconds time = seconds(30)) {
    return ask(transport_, "example.org", clock_.now() + time);
  }
  DnsTransport::Outcome ask(DnsTransport& transport, const std::string& name, SteadyTime until) {
    return run_on(loop_, asking(transport, name, until));
  }
  Task<DnsTransport::Outcome> asking(DnsTransport& transport, std::string name, SteadyTime until) {
    WaitPoint place(loop_);
    co_return co_await transport.ask(name, RecordType::mx, {until}, place);
  }

  /// `10 mx1.example.org from first`, or what went wrong.
  std::string show(const DnsTransport::Outcome& outcome) {
    if (!outcome.reply) return "nothing: " + without_ports(outcome.why);
    const auto& mx = outcome.reply->answer.mx;
    const std::string what = mx.empty() ? "no MX" : std::to_string(mx[0].preference) + " " + mx[0].host;
    return what + (outcome.server == first_.address() ? " from first" : " from second");
  }

  std::string without_ports(std::string text) {
    for (const auto& [server, name] : {std::pair(&first_, "first"), std::pair(&second_, "second")}) {
      const std::string address = server->address().text();
      for (auto at = text.find(address); at != std::string::npos; at = text.find(address)) {
        text.replace(at, address.size(), name);
      }
    }
    return text;
  }

  SystemClock clock_;
  DnsServer first_, second_;
  std::shared_ptr<ResolvConf> conf_ = [this] {
    auto conf = std::make_shared<ResolvConf>();
    conf->servers = {first_.address(), second_.address()};
    conf->timeout = seconds(20);  // nothing in these tests waits for it, but where silence is the matter
    return conf;
  }();
  LoopThread loop_{clock_};
  DnsTransport transport_{[this] { return conf_; }, clock_};
};

TEST_F(DnsTransportTest, TheFirstServerIsAskedFirst) {
  first_.on(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(second_.questions(), 0u);
}

TEST_F(DnsTransportTest, LiesAreIgnoredAndTheTruthIsWaitedFor) {
  const std::vector<std::pair<const char*, std::vector<Lie>>> table = {
      {"wrong id", {Lie::wrong_id}},
      {"wrong name", {Lie::wrong_name}},
      {"wrong type", {Lie::wrong_type}},
      {"no question", {Lie::no_question}},
      {"a query", {Lie::query}},
      {"garbage", {Lie::garbage}},
      {"an empty packet", {Lie::empty}},
      {"from another port", {Lie::another_port}},
      {"all at once",
       {Lie::another_port, Lie::wrong_id, Lie::wrong_name, Lie::garbage, Lie::empty, Lie::query}},
  };
  for (const auto& [name, lies] : table) first_.on(asked, {.reply = truth, .lies = lies});
  for (const auto& [name, lies] : table) EXPECT_EQ(show(ask()), "10 mx1.example.org from first") << name;
}

TEST_F(DnsTransportTest, LiesAloneAreNoAnswer) {
  conf_->timeout = milliseconds(300);  // the three lies must not miss it on a busy machine
  const DnsServer::Act lying{.manner = Manner::silent,
                             .lies = {Lie::wrong_id, Lie::wrong_name, Lie::garbage}};
  first_.on(asked, lying);
  second_.on(asked, lying);
  const auto outcome = ask();
  EXPECT_FALSE(outcome.reply);
  EXPECT_NE(outcome.why.find("no answer but 3 packets that are none"), std::string::npos) << outcome.why;
}

TEST_F(DnsTransportTest, AFloodOfLiesDrivesUsToTcp) {
  first_.on(asked, {.reply = truth, .manner = Manner::silent, .lies = {Lie::wrong_id}, .repeat_lies = 60});
  first_.over_tcp(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(first_.questions_over_tcp(), 1u);
}

TEST_F(DnsTransportTest, ATruncatedAnswerIsFetchedOverTcp) {
  WirePacket large;
  for (int i = 0; i < 1000; ++i)
    large.answer.push_back("example.org MX 10 a-host-with-a-long-name.example.org");
  first_.on(asked, {.reply = {.tc = true}});
  first_.over_tcp(asked, {.reply = large, .manner = Manner::in_two_writes});
  EXPECT_EQ(show(ask()), "10 a-host-with-a-long-name.example.org from first");
}

TEST_F(DnsTransportTest, WhatGoesWrongOverTcpSendsUsToTheNextServer) {
  const std::vector<std::pair<const char*, DnsServer::Act>> table = {
      {"a wrong id", {.reply = truth, .lies = {Lie::wrong_id}}},
      {"another question", {.reply = truth, .lies = {Lie::wrong_name}}},
      {"closed in the middle", {.reply = truth, .manner = Manner::cut}},
      {"truncated again", {.reply = {.tc = true}}},
      {"nothing in it", {.reply = truth, .lies = {Lie::empty}}},
      {"SERVFAIL", {.reply = {.rcode = 2}}},
  };
  first_.on(asked, {.reply = {.tc = true}});
  second_.on(asked, {truth});
  for (const auto& [name, act] : table) first_.over_tcp(asked, act);
  for (const auto& [name, act] : table) {
    // Each row begins with a server nobody has seen fail.
    DnsTransport fresh([this] { return conf_; }, clock_);
    EXPECT_EQ(show(ask(fresh, "example.org", clock_.now() + seconds(30))), "10 mx1.example.org from second")
        << name;
  }
}

TEST_F(DnsTransportTest, ARefusalIsOneServersWordAndTheNextIsAsked) {
  for (const int rcode : {1, 2, 4, 5, 9}) first_.on(asked, {.reply = {.rcode = rcode}});
  second_.on(asked, {truth});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
}

TEST_F(DnsTransportTest, AMalformedPacketAndAReferralAreTroubleNotNo) {
  first_.on(asked, {.reply = {.answer = {"example.org RAW 15 00"}}});
  first_.on(asked, {.reply = {.ra = false, .authority = {"org NS a.example"}}});
  second_.on(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
  EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
}

TEST_F(DnsTransportTest, WhenAllRefuseEachIsAskedOnceAndNamed) {
  first_.on(asked, {.reply = {.rcode = 2}});
  second_.on(asked, {.reply = {.rcode = 5}});
  const auto outcome = ask();
  EXPECT_EQ(show(outcome), "nothing: SERVFAIL from first, REFUSED from second");
  EXPECT_FALSE(outcome.out_of_time);
  EXPECT_EQ(first_.questions(), 1u);
  EXPECT_EQ(second_.questions(), 1u);
}

TEST_F(DnsTransportTest, AServerThatKnowsNoEdnsIsAskedWithout) {
  first_.on(asked, {.reply = truth, .manner = Manner::formerr_to_edns});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(first_.questions(), 2u);
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(first_.questions(), 3u) << "and that is remembered";
}

TEST_F(DnsTransportTest, AServerThatIsSilentToEdnsIsAskedWithoutInTheSameTimeAndRemembered) {
  conf_->timeout = seconds(1);
  std::vector<std::string> told;
  DnsTransport transport([this] { return conf_; }, clock_,
                         [&](const NameServer& server) { told.push_back(server.text()); });
  first_.on(asked, {.reply = truth, .manner = Manner::silent_to_edns});
  const auto ask_it = [&] { return show(ask(transport, "example.org", clock_.now() + seconds(30))); };
  EXPECT_EQ(ask_it(), "10 mx1.example.org from first");
  EXPECT_TRUE(told.empty()) << "it may have been slow";
  EXPECT_EQ(ask_it(), "10 mx1.example.org from first");
  EXPECT_EQ(first_.questions(), 4u);
  const auto start = clock_.now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask_it(), "10 mx1.example.org from first");
  EXPECT_LT(clock_.now() - start, milliseconds(500)) << "nobody waits for it any more";
  EXPECT_EQ(first_.questions(), 9u);
  EXPECT_EQ(told, std::vector<std::string>{first_.address().text()}) << "once";
  EXPECT_EQ(second_.questions(), 0u);
}

TEST_F(DnsTransportTest, AServerThatAnswersEdnsIsNotAskedTwiceWhenItIsSilentAboutAName) {
  conf_->timeout = milliseconds(300);
  first_.on(asked, {truth});
  first_.on("slow.example.org MX", {.manner = Manner::silent});
  second_.on("slow.example.org MX", {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(show(ask(transport_, "slow.example.org", clock_.now() + seconds(30))), "no MX from second");
  EXPECT_EQ(first_.questions(), 2u);
}

TEST_F(DnsTransportTest, ASilentServerCostsItsTimeoutOnceAndIsThenAskedLast) {
  conf_->timeout = seconds(1);  // the second server must not miss it on a busy machine
  first_.on(asked, {.manner = Manner::silent});
  second_.on(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
  const auto asked = first_.questions();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
  EXPECT_EQ(first_.questions(), asked);
}

TEST_F(DnsTransportTest, AServerThatIsNotThereCostsNothing) {
  NameServer nobody;
  {
    DnsServer gone;
    nobody = gone.address();
  }
  conf_->servers = {nobody, second_.address()};
  second_.on(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from second");
}

TEST_F(DnsTransportTest, SilenceEverywhereEndsAtTheDeadline) {
  first_.on(asked, {.manner = Manner::silent});
  second_.on(asked, {.manner = Manner::silent});
  const auto start = clock_.now();
  const auto outcome = ask(transport_, "example.org", start + milliseconds(50));
  EXPECT_FALSE(outcome.reply);
  EXPECT_TRUE(outcome.out_of_time);
  EXPECT_LT(clock_.now() - start, seconds(10)) << "the patience for one server is 20 s";
}

TEST_F(DnsTransportTest, ASilentTcpConnectionEndsAtTheDeadlineToo) {
  first_.on(asked, {.reply = {.tc = true}});
  first_.over_tcp(asked, {.manner = Manner::silent});
  const auto start = clock_.now();
  EXPECT_TRUE(ask(transport_, "example.org", start + milliseconds(50)).out_of_time);
  EXPECT_LT(clock_.now() - start, seconds(10));
}

TEST_F(DnsTransportTest, AfterTheDeadlineNobodyIsAsked) {
  EXPECT_TRUE(ask(seconds(-1)).out_of_time);
  EXPECT_EQ(first_.questions(), 0u);
}

TEST_F(DnsTransportTest, UseVcGoesStraightToTcp) {
  conf_->tcp = true;
  first_.on(asked, {truth});
  EXPECT_EQ(show(ask()), "10 mx1.example.org from first");
  EXPECT_EQ(first_.questions_over_tcp(), 1u);
  EXPECT_EQ(first_.questions(), 1u);
}

TEST_F(DnsTransportTest, WithoutServersThereIsNoAnswer) {
  conf_->servers.clear();
  EXPECT_EQ(show(ask()), "nothing: no name server is configured");
}

}  // namespace
}  // namespace fallbackmx
