#include "test/soak/weather.h"

#include <gtest/gtest.h>

namespace fallbackmx::soak {
namespace {

using std::chrono::seconds;

// Seconds since some moment. Slack is 10 s.
struct Row {
  const char* name;
  std::vector<std::pair<int, int>> troubles;
  int from, to;
  bool askable;
};

Time at(int second) { return Time(seconds(1000 + second)); }

const std::vector<Row> rows = {
    {"nothing ever happened", {}, 0, 1, true},
    {"it was over before", {{0, 10}}, 40, 41, true},
    {"it came after", {{20, 30}}, 0, 19, true},
    {"it was there", {{0, 10}}, 5, 6, false},
    {"it came meanwhile", {{5, 10}}, 0, 6, false},
    {"as long again the daemon may not know that it is over", {{0, 10}}, 30, 31, false},
    {"a trouble soon after the first prolongs it", {{0, 10}, {20, 30}}, 70, 71, false},
    {"until both have been over for long", {{0, 10}, {20, 30}}, 74, 75, true},
    {"one that lay inside another", {{0, 100}, {20, 30}}, 60, 61, false},
};

TEST(SoakWeather, KnowsWhenThePrimaryCouldBeAsked) {
  for (const auto& row : rows) {
    Weather weather{seconds(10)};
    std::multimap<int, bool> events;
    for (const auto& [begin, end] : row.troubles) {
      events.insert({begin, true});
      events.insert({end, false});
    }
    for (const auto& [second, begins] : events) {
      begins ? weather.begin("one.example", at(second)) : weather.end("one.example", at(second));
    }
    EXPECT_EQ(weather.askable("one.example", at(row.from), at(row.to)), row.askable) << row.name;
    EXPECT_TRUE(weather.askable("two.example", at(row.from), at(row.to))) << row.name;
  }
}

TEST(SoakWeather, CountsTheTimeInWhichItCould) {
  Weather weather{seconds(10)};
  weather.begin("one.example", at(10));
  weather.end("one.example", at(20));  // settled after 11 + 10 s more
  EXPECT_EQ(weather.askable_time("one.example", at(0), at(100)), seconds(69));
  EXPECT_EQ(weather.askable_time("two.example", at(0), at(100)), seconds(100));
}

}  // namespace
}  // namespace fallbackmx::soak
