#include "probe/primary/known_rejections.h"

#include <gtest/gtest.h>

#include "probe/primary/unheard_rejections.h"
#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

TEST(KnownRejections, TwoProofsInTwoSessionsAMinuteApart) {
  KnownRejections known;
  EXPECT_FALSE(known.proven("a@x.org", 1, steady_start));
  EXPECT_FALSE(known.proven("a@x.org", 2, steady_start + 59s)) << "too early";
  EXPECT_FALSE(known.proven("a@x.org", 1, steady_start + 60s)) << "the same session";
  EXPECT_FALSE(known.proven("b@x.org", 2, steady_start + 60s)) << "another recipient";
  EXPECT_TRUE(known.proven("a@x.org", 2, steady_start + 60s));
}

TEST(KnownRejections, AnOldProofDoesNotCount) {
  KnownRejections known;
  EXPECT_FALSE(known.proven("a@x.org", 1, steady_start));
  EXPECT_FALSE(known.proven("a@x.org", 2, steady_start + 25h));
  EXPECT_TRUE(known.proven("a@x.org", 3, steady_start + 26h));
}

TEST(KnownRejections, WhoIsAcceptedAgainIsNoLongerInDoubt) {
  KnownRejections known;
  EXPECT_FALSE(known.contains("a@x.org", steady_start));
  known.refused("a@x.org", steady_start);
  EXPECT_TRUE(known.contains("a@x.org", steady_start + 24h));
  EXPECT_FALSE(known.contains("a@x.org", steady_start + 25h));
  known.forget("a@x.org");
  EXPECT_FALSE(known.contains("a@x.org", steady_start));
}

TEST(UnheardRejections, ServeOneAttemptWithinHalfAnHour) {
  UnheardRejections unheard;
  EXPECT_FALSE(unheard.take("a@x.org", steady_start));
  unheard.add("a@x.org", steady_start);
  EXPECT_TRUE(unheard.take("a@x.org", steady_start + 30min));
  EXPECT_FALSE(unheard.take("a@x.org", steady_start + 30min)) << "once";
  unheard.add("a@x.org", steady_start);
  EXPECT_FALSE(unheard.take("a@x.org", steady_start + 31min));
  unheard.add("a@x.org", steady_start);
  unheard.forget("a@x.org");
  EXPECT_FALSE(unheard.take("a@x.org", steady_start));
}

}  // namespace
}  // namespace fallbackmx
