// Descriptors run out: nobody spins, it is said once, those who are served are served well, and it passes.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

class Descriptors : public WithFaults {
 protected:
  std::size_t count(std::string_view words) {
    const std::string all = daemon_->log();
    std::size_t many = 0;
    for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++many;
    return many;
  }

  /// How much of a processor it takes for so many of its own heartbeats, one a second.
  double share_of_processor(int beats) {
    const auto begin = std::chrono::steady_clock::now();
    const auto before = daemon_->processor_time();
    daemon_->forget_notifications();
    for (int i = 0; i < beats; ++i) EXPECT_TRUE(daemon_->hears("WATCHDOG=1"));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return (daemon_->processor_time() - before) / took.count();
  }
};

constexpr auto alarm_words = "descriptors are running out";

TEST_F(Descriptors, ThatHaveRunOutMakeNobodySpin) {
  configure();
  start();
  ASSERT_TRUE(recovers());
  constexpr std::size_t used_for_ever = 8;
  const std::size_t all = daemon_->limit_descriptors(used_for_ever);
  std::vector<MilterClient> waiting;
  for (int i = 0; i < 5; ++i) waiting.emplace_back(daemon_->socket());
  EXPECT_LT(share_of_processor(3), 0.2);
  EXPECT_EQ(count(alarm_words), 1u) << daemon_->log();
  daemon_->limit_descriptors(all);
  for (auto& client : waiting) EXPECT_TRUE(client.negotiate()) << "who waited is served";
  EXPECT_TRUE(recovers());
  EXPECT_EQ(count("there are descriptors for new connections again"), 1u) << daemon_->log();
  EXPECT_EQ(stop(), 0);
}

TEST_F(Descriptors, ThatAreMissingAreNoEvidenceAgainstThePrimary) {
  configure("primary_down_after = 1\nprimary_retry_time = 1d\n");
  start();
  ASSERT_TRUE(recovers());
  const auto before = board_.calls(Fault::descriptor);
  round();
  const auto calls = static_cast<std::int64_t>(board_.calls(Fault::descriptor) - before);
  for (std::int64_t n = 1; n <= calls; ++n) {
    board_.arm(Fault::descriptor, n);
    expect_no_wrong_answer(round(), board_.last());
    board_.disarm();
    ASSERT_EQ(count("primary is down"), 0u) << board_.last() << "\n" << daemon_->log();
  }
  EXPECT_GE(count("verdict=late"), 1u) << daemon_->log();
  EXPECT_TRUE(recovers());
}

/// Clients never get the last descriptors: those who are served need them to be answered.
TEST_F(Descriptors, AreKeptFromClientsForThoseWhoAreServed) {
  constexpr rlim_t limit = 200;
  configure();
  start();
  ASSERT_TRUE(recovers());
  daemon_->limit_descriptors(limit);
  std::vector<MilterClient> served;
  std::size_t turned_away = 0;
  for (rlim_t i = 0; i < 2 * limit; ++i) {
    MilterClient client(daemon_->socket());
    if (client.negotiate()) {
      served.push_back(std::move(client));
    } else {
      ++turned_away;
    }
  }
  EXPECT_GT(served.size(), limit / 2);
  EXPECT_GT(turned_away, limit / 2);
  EXPECT_EQ(count(alarm_words), 1u) << "said once, not " << turned_away << " times";
  for (auto& client : served) {
    ASSERT_EQ(client.connect().told(), "continue");
    ASSERT_EQ(client.helo().told(), "continue");
    ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
    const std::string at = new_domain();
    EXPECT_EQ(client.rcpt("<user" + at, relayed(by_name())).told(), "continue");
    EXPECT_TRUE(client.rcpt("<nobody" + at, relayed(by_name())).told().starts_with("550 5.1.1"));
  }
  EXPECT_LT(share_of_processor(2), 0.2);
  served.clear();
  EXPECT_TRUE(recovers());
  EXPECT_EQ(stop(), 0);
}

}  // namespace
}  // namespace fallbackmx
