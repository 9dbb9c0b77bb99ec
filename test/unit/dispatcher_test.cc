#include "probe/primary/dispatcher.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "probe/base/metrics.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/loop_here.h"
#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

/// Two servers, a window of 20 probes, and at most 4 sessions.
class DispatcherTest : public testing::Test {
 protected:
  static Endpoint server(const std::string& address) {
    return {"mx1.example.org", boost::asio::ip::make_address(address)};
  }
  void ask_for(int many, const std::string& client) {
    for (int i = 0; i < many; ++i) {
      const auto recipient = fmt::format("{}.{}@example.org", client, i);
      probes.add(*Address::parse(recipient), client, clock.now());
    }
  }
  std::shared_ptr<Roster::Slot> opening() { return sessions.add(here.loop, 0); }
  std::shared_ptr<Roster::Slot> standing(std::size_t endpoint, std::size_t room) {
    auto slot = opening();
    dispatcher.opened(*slot, endpoint, room);
    return slot;
  }
  /// Its trial is due.
  void was_down(std::size_t endpoint) {
    for (int i = 0; i < settings->primary_down_after; ++i) {
      engine.health.failed(servers.endpoint(endpoint).key(), clock.now() - std::chrono::hours(1), *settings);
    }
  }
  static ProbeResult at(Stage stage) {
    return {.verdict = Verdict::unavailable, .stage = stage, .why = "said 421 4.7.0 too many"};
  }

  Simulation clock;
  LoopHere here{clock};
  FakeResolver dns{clock};
  MemoryStreamFactory streams{clock};
  std::unique_ptr<Store> store = make_memory_store();
  std::vector<std::string> lines;
  Log log{[this](LogLevel, std::string_view line) { lines.emplace_back(line); }, LogLevel::info};
  Metrics metrics;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>(default_settings());
  Engine engine{Services{clock, dns, streams, *store, log, metrics, here.loop}, settings, nullptr, {}, [] {}};
  Servers servers{engine, {server("192.0.2.1"), server("192.0.2.2")}, {TlsPolicy{}, TlsPolicy{}}};
  ProbeQueue probes{2, engine.pending};
  Roster sessions;
  Dispatcher dispatcher{engine, servers, probes, sessions};
};

TEST_F(DispatcherTest, OneMoreSessionIsMadeWhenMoreIsQueuedThanTheOthersTake) {
  const auto window = static_cast<std::size_t>(settings->probe_session_window);
  EXPECT_FALSE(dispatcher.needs_a_session()) << "for what?";
  ask_for(1, "a");
  EXPECT_TRUE(dispatcher.needs_a_session());
  opening();
  EXPECT_FALSE(dispatcher.needs_a_session()) << "it will take a window's worth";
  for (std::size_t i = 0; i < window; ++i) ask_for(1, fmt::format("client{}", i));
  EXPECT_TRUE(dispatcher.needs_a_session());
}

TEST_F(DispatcherTest, ThereAreNoMoreSessionsThanTheLimit) {
  ask_for(1000, "a");
  for (int i = 0; i < settings->probe_session_limit; ++i) {
    EXPECT_TRUE(dispatcher.needs_a_session());
    opening();
  }
  EXPECT_FALSE(dispatcher.needs_a_session());
}

TEST_F(DispatcherTest, AServerThatRefusesAnotherSessionHasALimitAndIsNotDown) {
  standing(0, 3);
  const auto refused = opening();
  EXPECT_EQ(dispatcher.candidates(*refused).size(), 0U) << "nobody has asked for anything";
  ask_for(5, "a");
  EXPECT_EQ(dispatcher.candidates(*refused), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(dispatcher.met_limit(*refused, 0, at(Stage::greeting)));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("mx1.example.org[192.0.2.1]:25 lets us have 1 session(s)"), std::string::npos);
  EXPECT_EQ(refused->knocking, (std::vector<std::size_t>{1}));
  sessions.remove(refused);
  EXPECT_FALSE(dispatcher.needs_a_session()) << "the one it lets us have is there";
  EXPECT_FALSE(dispatcher.met_limit(*opening(), 0, at(Stage::ehlo))) << "it had let us in";
}

TEST_F(DispatcherTest, AServerThatRefusesTheOnlySessionIsInTrouble) {
  EXPECT_FALSE(dispatcher.met_limit(*opening(), 0, at(Stage::connect)));
}

TEST_F(DispatcherTest, TheLastRoomIsKeptForThoseWhoAskForFew) {
  ask_for(4, "many");
  const auto slot = standing(0, 3);
  EXPECT_NE(dispatcher.take(*slot, 3), nullptr);
  EXPECT_NE(dispatcher.take(*slot, 2), nullptr) << "the first two of a client crowd nobody";
  EXPECT_EQ(dispatcher.take(*slot, 1), nullptr);
  ask_for(1, "one");
  EXPECT_NE(dispatcher.take(*slot, 1), nullptr);
  EXPECT_EQ(slot->room, 0U);
}

TEST_F(DispatcherTest, AnIdleSessionMakesPlaceForOneWithTheServerThatIsWanted) {
  settings->probe_session_limit = 1;
  standing(0, 3);
  ask_for(1, "a");
  EXPECT_FALSE(dispatcher.needs_a_place()) << "it can take that";
  probes.pass_over(0, at(Stage::rcpt));
  EXPECT_TRUE(dispatcher.needs_a_place());
}

TEST_F(DispatcherTest, WhoIsDismissedTakesNothing) {
  const auto slot = standing(0, 3);
  sessions.dismiss(0);
  ask_for(1, "a");
  EXPECT_EQ(dispatcher.take(*slot, 3), nullptr);
  EXPECT_EQ(slot->room, 0U);
}

TEST_F(DispatcherTest, OnlyAConnectionThatBeginsUsesUpTheTurnOfAServerThatIsDown) {
  was_down(0);
  was_down(1);
  EXPECT_EQ(dispatcher.due_trial(true), 0) << "nobody else makes it";
  ask_for(1, "a");
  EXPECT_EQ(dispatcher.due_trial(true), std::nullopt) << "the next probe is the trial";
  const auto first = opening();
  EXPECT_EQ(dispatcher.candidates(*first), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(dispatcher.begin(*first, 0));
  EXPECT_TRUE(dispatcher.begin(*first, 0)) << "once more without TLS";
  EXPECT_FALSE(servers.may_be_knocked_at(0));
  EXPECT_TRUE(servers.may_be_knocked_at(1));
  EXPECT_EQ(dispatcher.due_trial(), std::nullopt) << "the session may be about to make it";
  dispatcher.opened(*first, 0, 3);
  EXPECT_NE(dispatcher.take(*first, 3), nullptr);
  EXPECT_EQ(dispatcher.due_trial(), std::optional<std::size_t>(1)) << "nobody else will";

  const auto trial = sessions.add(here.loop, 0, 1);
  EXPECT_EQ(dispatcher.due_trial(), std::nullopt) << "one at a time";
  EXPECT_EQ(sessions.size(), 1U) << "it takes no probes";
  EXPECT_TRUE(dispatcher.begin(*trial, 1));
  sessions.remove(trial);
  EXPECT_EQ(dispatcher.due_trial(), std::nullopt) << "once in an interval";
}

TEST_F(DispatcherTest, NobodyWaitsForAServerThatIsDownWhileAnotherIsUp) {
  was_down(0);
  ask_for(1, "a");
  EXPECT_EQ(dispatcher.candidates(*opening()), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(servers.may_be_knocked_at(0));
}

TEST_F(DispatcherTest, TwoSessionsDoNotMakeTheSameTrial) {
  was_down(0);
  was_down(1);
  ask_for(1, "a");
  const auto one = opening(), other = opening();
  dispatcher.candidates(*one);
  dispatcher.candidates(*other);
  EXPECT_TRUE(dispatcher.begin(*one, 0));
  EXPECT_FALSE(dispatcher.begin(*other, 0));
  EXPECT_EQ(other->knocking, (std::vector<std::size_t>{1}));
}

TEST_F(DispatcherTest, AServerThatThisMachineCannotReachIsPassedOverAndInGoodHealth) {
  servers.out_of_reach(0);
  ask_for(1, "a");
  EXPECT_EQ(dispatcher.candidates(*opening()), (std::vector<std::size_t>{1}));
  EXPECT_FALSE(servers.all_down());
  was_down(1);
  EXPECT_TRUE(servers.all_down()) << "nobody waits for the trial of the other";
  EXPECT_EQ(engine.health.state(servers.endpoint(0).key()), Health::State::up);
}

}  // namespace
}  // namespace fallbackmx
