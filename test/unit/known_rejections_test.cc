#include "probe/known_rejections.h"

#include <gtest/gtest.h>

#include "probe/unheard_rejections.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const SteadyTime now{1000h};

TEST(KnownRejections, TwoProofsInTwoSessionsAMinuteApart) {
  KnownRejections known;
  EXPECT_FALSE(known.proven("a@x.org", 1, now));
  EXPECT_FALSE(known.proven("a@x.org", 2, now + 59s)) << "too early";
  EXPECT_FALSE(known.proven("a@x.org", 1, now + 60s)) << "the same session";
  EXPECT_FALSE(known.proven("b@x.org", 2, now + 60s)) << "another recipient";
  EXPECT_TRUE(known.proven("a@x.org", 2, now + 60s));
}

TEST(KnownRejections, AnOldProofDoesNotCount) {
  KnownRejections known;
  EXPECT_FALSE(known.proven("a@x.org", 1, now));
  EXPECT_FALSE(known.proven("a@x.org", 2, now + 25h));
  EXPECT_TRUE(known.proven("a@x.org", 3, now + 26h));
}

TEST(KnownRejections, WhoIsAcceptedAgainIsNoLongerInDoubt) {
  KnownRejections known;
  EXPECT_FALSE(known.contains("a@x.org", now));
  known.refused("a@x.org", now);
  EXPECT_TRUE(known.contains("a@x.org", now + 24h));
  EXPECT_FALSE(known.contains("a@x.org", now + 25h));
  known.forget("a@x.org");
  EXPECT_FALSE(known.contains("a@x.org", now));
}

TEST(UnheardRejections, ServeOneAttemptWithinHalfAnHour) {
  UnheardRejections unheard;
  EXPECT_FALSE(unheard.take("a@x.org", now));
  unheard.add("a@x.org", now);
  EXPECT_TRUE(unheard.take("a@x.org", now + 30min));
  EXPECT_FALSE(unheard.take("a@x.org", now + 30min)) << "once";
  unheard.add("a@x.org", now);
  EXPECT_FALSE(unheard.take("a@x.org", now + 31min));
  unheard.add("a@x.org", now);
  unheard.forget("a@x.org");
  EXPECT_FALSE(unheard.take("a@x.org", now));
}

}  // namespace
}  // namespace fallbackmx
