#include "probe/dns/name_server_health.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using std::chrono::seconds;

/// `1 2 3?`: the ports of the servers in order, those in doubt with a question mark.
std::string show(const std::vector<NameServerHealth::Candidate>& order) {
  std::string out;
  for (const auto& each : order) {
    out += (out.empty() ? "" : " ") + std::to_string(each.server.port) + (each.doubtful ? "?" : "");
  }
  return out;
}

std::vector<NameServer> three_servers() {
  const auto address = boost::asio::ip::make_address("192.0.2.53");
  return {{address, 1}, {address, 2}, {address, 3}};
}

TEST(NameServerHealth, ASilentServerGoesLastForAWhileAndThenOneCallerTriesIt) {
  NameServerHealth health;
  const auto servers = three_servers();
  const SteadyTime start{};
  EXPECT_EQ(show(health.order(servers, false, start)), "1 2 3");
  health.silent(servers[0], start, start + seconds(2));
  EXPECT_EQ(show(health.order(servers, false, start + seconds(3))), "2 3 1?");
  EXPECT_EQ(show(health.order(servers, false, start + seconds(32))), "1? 2 3") << "the trial";
  EXPECT_EQ(show(health.order(servers, false, start + seconds(33))), "2 3 1?")
      << "the others do not pay for it";
  health.answered(servers[0], start + seconds(34));
  EXPECT_EQ(show(health.order(servers, false, start + seconds(35))), "1 2 3");
}

TEST(NameServerHealth, AServerThatAnsweredSomethingElseMeanwhileIsNotSilent) {
  NameServerHealth health;
  const auto servers = three_servers();
  const SteadyTime start{};
  health.answered(servers[0], start + seconds(1));
  health.silent(servers[0], start, start + seconds(2));
  EXPECT_EQ(show(health.order(servers, false, start + seconds(3))), "1 2 3");
}

TEST(NameServerHealth, WhenAllAreSilentAllAreStillAsked) {
  NameServerHealth health;
  const auto servers = three_servers();
  const SteadyTime start{};
  for (const auto& server : servers) health.silent(server, start, start);
  EXPECT_EQ(show(health.order(servers, false, start + seconds(1))), "1? 2? 3?");
}

TEST(NameServerHealth, RotationBeginsWithTheNextEachTime) {
  NameServerHealth health;
  const auto servers = three_servers();
  EXPECT_EQ(show(health.order(servers, true, {})), "1 2 3");
  EXPECT_EQ(show(health.order(servers, true, {})), "2 3 1");
  EXPECT_EQ(show(health.order(servers, true, {})), "3 1 2");
  EXPECT_EQ(show(health.order(servers, true, {})), "1 2 3");
  EXPECT_EQ(show(health.order({}, true, {})), "");
}

TEST(NameServerHealth, AServerWithoutEdnsIsRememberedForAWhile) {
  using Edns = NameServerHealth::Edns;
  NameServerHealth health;
  const auto servers = three_servers();
  const SteadyTime start{};
  EXPECT_EQ(health.edns(servers[0], start), Edns::unknown);
  health.answered_edns(servers[0]);
  EXPECT_EQ(health.edns(servers[0], start), Edns::answered);
  health.silent(servers[0], start, start + seconds(2));
  EXPECT_EQ(health.edns(servers[0], start + seconds(2)), Edns::unknown) << "a firewall may have come";

  EXPECT_FALSE(health.answered_only_plain(servers[1], true, start)) << "it may have been slow";
  EXPECT_EQ(health.edns(servers[1], start), Edns::unknown);
  EXPECT_TRUE(health.answered_only_plain(servers[1], true, start));
  EXPECT_EQ(health.edns(servers[1], start + seconds(899)), Edns::not_answered);
  EXPECT_EQ(health.edns(servers[1], start + seconds(900)), Edns::unknown);
  EXPECT_TRUE(health.answered_only_plain(servers[1], true, start + seconds(900)));
  EXPECT_FALSE(health.answered_only_plain(servers[1], true, start + seconds(901))) << "no news";

  EXPECT_TRUE(health.answered_only_plain(servers[2], false, start)) << "it says so";
  EXPECT_EQ(health.edns(servers[2], start), Edns::not_answered);
}

}  // namespace
}  // namespace fallbackmx
