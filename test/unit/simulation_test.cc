#include "test/fake/simulation.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(Simulation, OneSleeperMakesTimeJumpToItsDeadline) {
  Simulation simulation;
  const auto start = simulation.now();
  auto sleeper = simulation.sleeper();
  EXPECT_FALSE(sleeper->sleep_until(start + 10h));
  EXPECT_EQ(simulation.now(), start + 10h);
  EXPECT_EQ(simulation.elapsed(), 10h);
}

TEST(Simulation, WallTimeFollowsAndCanBeSet) {
  Simulation simulation;
  const auto wall = simulation.wall();
  simulation.sleeper()->sleep_until(simulation.now() + 1h);
  EXPECT_EQ(simulation.wall(), wall + 1h);
  simulation.jump_wall(-3600s);
  EXPECT_EQ(simulation.wall(), wall);
}

TEST(Simulation, AWakeBeforeTheSleepEndsItAtOnceAndIsUsedUp) {
  Simulation simulation;
  const auto start = simulation.now();
  auto sleeper = simulation.sleeper();
  sleeper->wake();
  sleeper->wake();
  EXPECT_TRUE(sleeper->sleep_until(start + 1s));
  EXPECT_EQ(simulation.now(), start);
  EXPECT_FALSE(sleeper->sleep_until(start + 1s));
}

TEST(Simulation, ADeadlineInThePastDoesNotTurnTimeBack) {
  Simulation simulation;
  auto sleeper = simulation.sleeper();
  sleeper->sleep_until(simulation.now() + 5s);
  EXPECT_FALSE(sleeper->sleep_until(simulation.now() - 3s));
  EXPECT_EQ(simulation.elapsed(), 5s);
}

TEST(Simulation, ThreadsTakeTurnsInOrderOfTheirDeadlines) {
  Simulation simulation;
  const auto start = simulation.now();
  std::mutex mutex;
  std::vector<std::string> order;
  std::vector<std::unique_ptr<Sleeper>> sleepers(100);
  for (auto& sleeper : sleepers) sleeper = simulation.sleeper();
  std::vector<std::thread> threads;
  // A hundred threads with two naps each: any missed hand-over would show as a wrong order or a hang.
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&, i, sleeper = std::move(sleepers[i])]() mutable {
      for (int nap : {i + 1, 200 + i}) {
        sleeper->sleep_until(start + nap * 1s);
        const std::lock_guard guard(mutex);
        EXPECT_EQ(simulation.now(), start + nap * 1s);
        order.push_back(std::to_string(nap));
      }
      sleeper.reset();
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(order.size(), 200U);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(order[i], std::to_string(i + 1));
    EXPECT_EQ(order[100 + i], std::to_string(200 + i));
  }
}

TEST(Simulation, NoTimePassesBetweenAWakeAndTheRunOfTheWoken) {
  Simulation simulation;
  const auto start = simulation.now();
  auto consumer = simulation.sleeper();
  auto producer = simulation.sleeper();
  std::thread woken([&] {
    EXPECT_TRUE(consumer->sleep_until(start + 1h));
    EXPECT_EQ(simulation.now(), start + 1s);
    consumer.reset();
  });
  std::thread waker([&] {
    producer->sleep_until(start + 1s);
    consumer->wake();
    producer->sleep_until(start + 2s);
    producer.reset();
  });
  woken.join();
  waker.join();
  EXPECT_EQ(simulation.elapsed(), 2s);
}

TEST(Simulation, AThreadWithTwoSleepersSleepsOnOneOfThem) {
  Simulation simulation;
  const auto start = simulation.now();
  auto outer = simulation.sleeper();
  outer->sleep_until(start + 1s);
  auto inner = simulation.sleeper();
  EXPECT_FALSE(inner->sleep_until(start + 2s));
  EXPECT_EQ(simulation.elapsed(), 2s);
}

TEST(Simulation, TimeStandsStillUntilAThreadWhoseSleeperIsMadeHasBegun) {
  Simulation simulation;
  const auto start = simulation.now();
  auto early = simulation.sleeper();
  auto late = simulation.sleeper();
  std::thread first([&] {
    early->sleep_until(start + 1s);
    early.reset();
  });
  std::this_thread::yield();
  EXPECT_EQ(simulation.now(), start);
  std::thread second([&] {
    late->sleep_until(start + 500ms);
    EXPECT_EQ(simulation.elapsed(), 500ms);
    late.reset();
  });
  first.join();
  second.join();
}

TEST(Simulation, EventsRunInOrderOfTimeAndThenOfScheduling) {
  Simulation simulation;
  const auto start = simulation.now();
  std::string order;
  {
    const auto lock = simulation.lock();
    simulation.schedule(lock, start + 2s, [&](auto&) { order += 'c'; });
    simulation.schedule(lock, start + 1s, [&](auto& held) {
      order += 'a';
      simulation.schedule(held, simulation.now(), [&](auto&) { order += 'd'; });
    });
    simulation.schedule(lock, start + 1s, [&](auto&) { order += 'b'; });
  }
  auto sleeper = simulation.sleeper();
  sleeper->sleep_until(start + 1500ms);
  EXPECT_EQ(order, "abd");
  sleeper->sleep_until(start + 2s);
  EXPECT_EQ(order, "abdc");
}

TEST(Simulation, AConditionMadeTrueByAnEventEndsTheSleep) {
  Simulation simulation;
  const auto start = simulation.now();
  bool arrived = false;
  {
    const auto lock = simulation.lock();
    simulation.schedule(lock, start + 3s, [&](auto&) { arrived = true; });
  }
  auto sleeper = simulation.sleeper();
  EXPECT_TRUE(simulation.sleep(*sleeper, start + 1h, [&] { return arrived; }));
  EXPECT_EQ(simulation.elapsed(), 3s);
}

TEST(SimulationDeathTest, AllAsleepForEverIsReportedAndNotWaitedFor) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        Simulation simulation(std::chrono::seconds(1));
        simulation.sleeper()->sleep_until(SteadyTime::max());
      },
      "everybody sleeps and nothing will ever wake them");
}

}  // namespace
}  // namespace fallbackmx
