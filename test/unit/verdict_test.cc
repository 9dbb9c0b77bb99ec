#include "probe/mail/verdict.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(Verdict, OfTwoUnknownsTheOneNearerToTheRecipientStands) {
  EXPECT_EQ(nearest_to_recipient(Verdict::unavailable, Verdict::deferred), Verdict::deferred);
  EXPECT_EQ(nearest_to_recipient(Verdict::refused, Verdict::unavailable), Verdict::refused);
  EXPECT_EQ(nearest_to_recipient(Verdict::misrouted, Verdict::unavailable), Verdict::unavailable);
  EXPECT_EQ(nearest_to_recipient(Verdict::late, Verdict::misrouted), Verdict::misrouted);
}

TEST(Verdict, OnlyYesAndNoAreFinal) {
  EXPECT_TRUE(is_final(Verdict::deliverable));
  EXPECT_TRUE(is_final(Verdict::undeliverable));
  for (auto unknown :
       {Verdict::deferred, Verdict::refused, Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
    EXPECT_FALSE(is_final(unknown)) << to_string(unknown);
  }
}

}  // namespace
}  // namespace fallbackmx
