#include "probe/smtp/session_budget.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fallbackmx {
namespace {

Settings small() {
  Settings settings;
  settings.probe_session_window = 5;
  settings.probe_session_max_probes = 8;
  settings.probe_session_max_rejections = 3;
  return settings;
}

TEST(SessionBudget, AServerThatPutsUpWithFewerRejectionsIsLeftEarlier) {
  SessionBudget budget(small(), true, SessionBudget::no_limit, 2);
  EXPECT_EQ(budget.room(0), 2U);
  budget.count_rejection();
  EXPECT_EQ(budget.room(0), 1U);
  budget.count_rejection();
  EXPECT_TRUE(budget.spent());
  EXPECT_EQ(SessionBudget(small(), true, SessionBudget::no_limit, 100).room(0), 3U) << "ours is smaller";
}

TEST(SessionBudget, TheSmallestOfItsLimitsDecides) {
  struct Case {
    std::string name;
    bool pipelining;
    std::size_t most_transactions, probes, rejections, undecided, room;
    bool spent, affords_rejection;
  };
  const std::size_t many = SessionBudget::no_limit;
  const std::vector<Case> cases = {
      {"without pipelining one at a time", false, many, 0, 0, 0, 1, false, true},
      {"and none while one is on the wire", false, many, 1, 0, 1, 0, false, true},
      {"each one on the wire may be rejected", true, many, 2, 0, 2, 1, false, true},
      {"a rejection takes room for good", true, many, 2, 2, 0, 1, false, true},
      {"as many rejections as are allowed", true, many, 3, 3, 0, 0, true, false},
      {"the last one may be on the wire", true, many, 3, 2, 1, 0, false, false},
      {"as many probes as are allowed", true, many, 8, 0, 0, 0, true, true},
      {"the server hangs up after more", true, 4, 3, 0, 0, 1, false, true},
      {"but for one, which a control may need", true, 4, 4, 0, 0, 0, true, true},
      {"or a last question", true, 4, 5, 0, 0, 0, true, false},
  };
  for (const Case& c : cases) {
    SessionBudget budget(small(), c.pipelining, c.most_transactions);
    for (std::size_t i = 0; i < c.probes; ++i) {
      budget.count_probe();
      budget.count_transaction();
    }
    for (std::size_t i = 0; i < c.rejections; ++i) budget.count_rejection();
    EXPECT_EQ(budget.room(c.undecided), c.room) << c.name;
    EXPECT_EQ(budget.spent(), c.spent) << c.name;
    EXPECT_EQ(budget.can_afford_rejection(c.undecided), c.affords_rejection) << c.name;
  }
}

}  // namespace
}  // namespace fallbackmx
