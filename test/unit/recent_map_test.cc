#include "probe/base/recent_map.h"

#include <gtest/gtest.h>

#include <new>
#include <string>

namespace fallbackmx {
namespace {

TEST(RecentMap, WhatHasNotBeenTouchedLongestIsForgottenFirst) {
  RecentMap<std::string, int> map(2);
  map.touch("a") = 1;
  map.touch("b") = 2;
  map.touch("a");
  map.touch("c") = 3;
  ASSERT_NE(map.find("a"), nullptr);
  EXPECT_EQ(*map.find("a"), 1);
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("c"), 3);
  EXPECT_EQ(map.size(), 2U);
}

TEST(RecentMap, ToLookIsNotToTouch) {
  RecentMap<std::string, int> map(2);
  map.touch("a");
  map.touch("b");
  map.find("a");
  map.touch("c");
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_NE(map.find("b"), nullptr);
}

TEST(RecentMap, WhatIsErasedLeavesRoom) {
  RecentMap<std::string, int> map(2);
  map.touch("a");
  map.touch("b");
  map.erase("b");
  map.erase("never there");
  map.touch("c");
  EXPECT_NE(map.find("a"), nullptr);
  EXPECT_EQ(map.touch("b"), 0) << "begins anew";
}

TEST(RecentMap, WhatIsClearedBeginsAnew) {
  RecentMap<std::string, int> map(2);
  map.touch("a") = 1;
  map.clear();
  EXPECT_EQ(map.size(), 0U);
  map.touch("b");
  map.touch("c");
  map.touch("d");
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(map.size(), 2U);
}

struct Reluctant {
  Reluctant() {
    if (refuses) throw std::bad_alloc();
  }
  static inline bool refuses = false;
};

TEST(RecentMap, AValueThatCannotBeMadeLeavesNothingBehind) {
  RecentMap<std::string, Reluctant> map(2);
  map.touch("a");
  Reluctant::refuses = true;
  EXPECT_THROW(map.touch("b"), std::bad_alloc);
  Reluctant::refuses = false;
  EXPECT_EQ(map.find("b"), nullptr);
  map.touch("c");
  map.touch("d");
  EXPECT_EQ(map.find("a"), nullptr) << "forgotten in its turn";
  EXPECT_EQ(map.size(), 2U);
}

}  // namespace
}  // namespace fallbackmx
