#include "probe/recent_records.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

const AddressRecord yes{Verdict::deliverable, 250, "2.1.5", "Ok", {}, {}, false};
const AddressRecord no{Verdict::undeliverable, 550, "5.1.1", "no such user", {}, {}, false};

TEST(RecentRecords, KnowsWhatWasReadAndWhatIsNotThere) {
  RecentRecords recent;
  EXPECT_EQ(recent.find("a@example.org"), nullptr);
  recent.learn("a@example.org", yes, recent.now());
  recent.learn("b@example.org", std::nullopt, recent.now());
  ASSERT_NE(recent.find("a@example.org"), nullptr);
  EXPECT_EQ(*recent.find("a@example.org"), yes);
  ASSERT_NE(recent.find("b@example.org"), nullptr);
  EXPECT_EQ(*recent.find("b@example.org"), std::nullopt);
}

TEST(RecentRecords, WhatWasReadBeforeAChangeTakesNothingBack) {
  RecentRecords recent;
  const auto began = recent.now();
  recent.set("a@example.org", yes);
  recent.learn("a@example.org", no, began);
  EXPECT_EQ(*recent.find("a@example.org"), yes);
}

TEST(RecentRecords, NorDoesItWhenTheChangeIsForgottenHereAlready) {
  RecentRecords recent(3);
  const auto began = recent.now();
  recent.set("a@example.org", yes);
  for (const char* other : {"b", "c", "d"}) recent.set(other, yes);
  ASSERT_EQ(recent.find("a@example.org"), nullptr);
  recent.learn("a@example.org", no, began);
  EXPECT_EQ(recent.find("a@example.org"), nullptr) << "the file is asked again";
}

TEST(RecentRecords, WhatIsReadFromAFileThatIsLeftMeanwhileIsNotLearned) {
  RecentRecords recent;
  recent.set("a@example.org", yes);
  const auto began = recent.now();
  recent.clear();
  recent.learn("b@example.org", yes, began);
  EXPECT_EQ(recent.find("a@example.org"), nullptr);
  EXPECT_EQ(recent.find("b@example.org"), nullptr);
  recent.learn("b@example.org", yes, recent.now());
  EXPECT_NE(recent.find("b@example.org"), nullptr);
}

TEST(RecentRecords, WhoIsAskedAboutOftenIsForgottenLast) {
  RecentRecords recent(2);
  recent.set("often", yes);
  for (const char* guess : {"g1", "g2", "g3"}) {
    recent.set(guess, no);
    EXPECT_NE(recent.find("often"), nullptr) << guess;
  }
}

}  // namespace
}  // namespace fallbackmx
