#include "milter/libmilter/kicker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

#include "test/unit/listening.h"

namespace fallbackmx {
namespace {

TEST(Standstills, AreKickedForWhenTheyLast) {
  struct Case {
    const char *name, *events;
    std::size_t want;  ///< kicks at the end
  };
  const Case cases[] = {
      {"nobody waits", "watch", 0},
      {"one begins and waits on", "begin watch", 1},
      {"each that waits may stand in a worker's way", "begin begin begin watch", 3},
      {"but kicks are not free", "begin begin begin begin begin begin watch", 4},
      {"who has waited serves the queue", "begin begin watch end", 0},
      {"and for one that begins after him there is another watch", "begin watch end begin", 0},
      {"which may last", "begin watch end begin watch", 1},
      {"a kick serves all who began before it", "begin begin watch kicks watch", 0},
      {"but not those who began after it", "begin begin watch kicks begin watch", 3},
      {"who began before the watch is served by one that ends in it", "begin begin end begin watch end", 0},
  };
  for (const Case& each : cases) {
    Standstill standstill;
    std::istringstream events(each.events);
    for (std::string event; events >> event;) {
      if (event == "begin") standstill.wait_begins();
      if (event == "end") standstill.wait_ends();
      if (event == "watch") standstill.watch();
      if (event == "kicks") standstill.kicks();
    }
    EXPECT_EQ(standstill.kicks(), each.want) << each.name;
  }
}

class Kickers : public ::testing::Test {
 protected:
  SocketPlace place_;
  Listening listening_{place_.address()};
  Log log_{[](LogLevel, std::string_view) {}};
  Kick kick_{place_.address(), log_};
};

TEST_F(Kickers, KickAfterEachWaitThatLasts) {
  Kicker kicker(kick_);
  for (int i = 0; i < 3; ++i) {
    kicker.wait_begins();
    listening_.wait();  // for ever, if there is no kick
    listening_.waiting();
  }
}

TEST_F(Kickers, HavePatience) {
  {
    Kicker kicker(kick_, std::chrono::hours(1));
    kicker.wait_begins();
  }
  EXPECT_EQ(listening_.waiting(), 0);
}

}  // namespace
}  // namespace fallbackmx
