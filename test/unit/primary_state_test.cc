#include "probe/primary/primary_state.h"

#include <gtest/gtest.h>

#include "probe/primary/server_facts.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(PrimaryState, OneServerOfSeveralDestinationsIsOneEntry) {
  const WallTime noon{12h};
  const auto all = merged({{.server = "mx2[192.0.2.2]:25", .sessions = 1},
                           {.server = "mx1[192.0.2.1]:25",
                            .since = noon,
                            .sessions = 2,
                            .round_trip = 10ms,
                            .last_reply = noon,
                            .last_yes = noon},
                           {.server = "mx1[192.0.2.1]:25",
                            .since = noon - 1h,
                            .sessions = 1,
                            .opening = 1,
                            .round_trip = 20ms,
                            .tls = "may",
                            .last_reply = noon + 1s,
                            .alarm = "refuses us"}});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].server, "mx1[192.0.2.1]:25");
  EXPECT_EQ(all[0].since, noon);
  EXPECT_EQ(all[0].sessions, 3u);
  EXPECT_EQ(all[0].opening, 1u);
  EXPECT_EQ(all[0].round_trip, 20ms) << "the later one";
  EXPECT_EQ(all[0].last_yes, noon);
  EXPECT_EQ(all[0].tls, "may");
  EXPECT_EQ(all[0].alarm, "refuses us");
  EXPECT_EQ(all[1].sessions, 1u);
}

TEST(ServerFacts, TheRoundTripIsSmoothed) {
  ServerFacts facts;
  const SteadyTime now{1h};
  facts.replied(now, 80ms);
  EXPECT_EQ(facts.round_trip, 80ms);
  facts.replied(now, 160ms);
  EXPECT_EQ(facts.round_trip, 90ms);
  EXPECT_EQ(facts.last_reply, now);
}

}  // namespace
}  // namespace fallbackmx
