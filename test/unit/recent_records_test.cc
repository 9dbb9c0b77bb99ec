#include "probe/store/recent_records.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

const AddressRecord accepted{Verdict::deliverable, 250, "2.1.5", "Ok", {}, {}, false};
const AddressRecord rejected{Verdict::undeliverable, 550, "5.1.1", "no such user", {}, {}, false};

TEST(RecentRecords, KnowsWhatWasReadAndWhatIsNotThere) {
  RecentRecords recent;
  EXPECT_EQ(recent.find("a@example.org"), nullptr);
  recent.learn("a@example.org", accepted, recent.now());
  recent.learn("b@example.org", std::nullopt, recent.now());
  ASSERT_NE(recent.find("a@example.org"), nullptr);
  EXPECT_EQ(*recent.find("a@example.org"), accepted);
  ASSERT_NE(recent.find("b@example.org"), nullptr);
  EXPECT_EQ(*recent.find("b@example.org"), std::nullopt);
}

TEST(RecentRecords, WhatWasReadBeforeAChangeTakesNothingBack) {
  RecentRecords recent;
  const auto began = recent.now();
  recent.set("a@example.org", accepted);
  recent.learn("a@example.org", rejected, began);
  EXPECT_EQ(*recent.find("a@example.org"), accepted);
}

TEST(RecentRecords, NorDoesItWhenTheChangeIsForgottenHereAlready) {
  RecentRecords recent(3);
  const auto began = recent.now();
  recent.set("a@example.org", accepted);
  for (const char* other : {"b", "c", "d"}) recent.set(other, accepted);
  ASSERT_EQ(recent.find("a@example.org"), nullptr);
  recent.learn("a@example.org", rejected, began);
  EXPECT_EQ(recent.find("a@example.org"), nullptr) << "the file is asked again";
}

TEST(RecentRecords, WhatIsReadFromAFileThatIsLeftMeanwhileIsNotLearned) {
  RecentRecords recent;
  recent.set("a@example.org", accepted);
  const auto began = recent.now();
  recent.clear();
  recent.learn("b@example.org", accepted, began);
  EXPECT_EQ(recent.find("a@example.org"), nullptr);
  EXPECT_EQ(recent.find("b@example.org"), nullptr);
  recent.learn("b@example.org", accepted, recent.now());
  EXPECT_NE(recent.find("b@example.org"), nullptr);
}

TEST(RecentRecords, WhoIsAskedAboutOftenIsForgottenLast) {
  RecentRecords recent(2);
  recent.set("often", accepted);
  for (const char* guess : {"g1", "g2", "g3"}) {
    recent.set(guess, rejected);
    EXPECT_NE(recent.find("often"), nullptr) << guess;
  }
}

}  // namespace
}  // namespace fallbackmx
