#include "probe/primary/roster.h"

#include <gtest/gtest.h>

#include "test/fake/loop_here.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

class RosterTest : public testing::Test {
 protected:
  std::shared_ptr<Roster::Slot> opening(std::vector<std::size_t> knocking = {}) {
    auto slot = roster.add(here.loop, 0);
    slot->knocking = std::move(knocking);
    return slot;
  }
  std::shared_ptr<Roster::Slot> standing(std::size_t endpoint, std::size_t room) {
    auto slot = opening();
    slot->opening = false;
    slot->endpoint = endpoint;
    slot->room = room;
    return slot;
  }

  Simulation clock;
  LoopHere here{clock};
  Roster roster;
};

TEST_F(RosterTest, WhoStandsAndWhoKnocksIsCountedByEndpoint) {
  EXPECT_FALSE(roster.anybody_opening());
  EXPECT_FALSE(roster.anybody_standing());
  opening({0, 1});
  standing(1, 3);
  standing(1, 4);
  EXPECT_TRUE(roster.anybody_opening());
  EXPECT_TRUE(roster.anybody_standing());
  EXPECT_EQ(roster.knocking(0), 1U);
  EXPECT_EQ(roster.knocking(1), 1U);
  EXPECT_EQ(roster.standing(0), 0U);
  EXPECT_EQ(roster.standing(1), 2U);
}

TEST_F(RosterTest, ASessionThatOpensHasRoomForAWindow) {
  opening();
  standing(0, 3);
  EXPECT_EQ(roster.room(20), 23U);
}

TEST_F(RosterTest, WhoIsDismissedIsStillThereButServesNobody) {
  const auto slot = standing(0, 3);
  standing(1, 4);
  roster.dismiss(0);
  EXPECT_EQ(roster.size(), 2U);
  EXPECT_EQ(roster.standing(0), 0U);
  EXPECT_EQ(roster.room(20), 4U);
  EXPECT_FALSE(slot->opening);
}

}  // namespace
}  // namespace fallbackmx
