// The wall clock jumps: while the daemon runs, and between two of its lives. A suspended machine is the same:
// the wall clock goes on without the other one.

#include <gtest/gtest.h>

#include <chrono>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

constexpr auto year = 8760h;
constexpr std::chrono::seconds jumps[] = {1h, -1h, 240h, -240h, 10 * year, -10 * year, 0s};

class WallClock : public WithFaults {
 protected:
  /// Of a round before: asked again, or remembered.
  void expect_same_answers(const std::string& at, std::chrono::seconds ahead) {
    auto client = session();
    ASSERT_EQ(client.mail("<s@example.net>").told(), "continue");
    EXPECT_EQ(client.rcpt("<user" + at, relayed(by_number())).told(), "continue") << ahead.count();
    EXPECT_TRUE(client.rcpt("<nobody" + at, relayed(by_number())).told().starts_with("550 5.1.1"))
        << ahead.count();
  }
};

TEST_F(WallClock, ThatJumpsWrongsNobody) {
  configure("address_verify_negative_cache = yes\naddress_verify_cache_cleanup_interval = 1s\n");
  start();
  ASSERT_TRUE(recovers());
  for (const auto ahead : jumps) {
    const std::string before = "@d" + std::to_string(rounds_) + ".example>";
    board_.set_wall_clock_ahead(ahead);
    expect_same_answers(before, ahead);
    EXPECT_TRUE(recovers()) << ahead.count();
    EXPECT_TRUE(daemon_->hears("WATCHDOG=1")) << ahead.count();
  }
  EXPECT_EQ(stop(), 0);
}

TEST_F(WallClock, ThatHasJumpedBetweenTwoLivesWrongsNobody) {
  configure("address_verify_negative_cache = yes\n");
  for (const auto ahead : jumps) {
    board_.set_wall_clock_ahead(ahead);
    start();
    if (rounds_ > 0) expect_same_answers("@d" + std::to_string(rounds_) + ".example>", ahead);
    EXPECT_TRUE(recovers()) << ahead.count();
    EXPECT_EQ(stop(), 0) << ahead.count();
  }
}

}  // namespace
}  // namespace fallbackmx
