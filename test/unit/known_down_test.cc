#include "probe/verifier/known_down.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class KnownDownTest : public testing::Test {
 protected:
  static Question about(const char* recipient, std::string next_hop = {}) {
    return {.recipient = *Address::parse(recipient), .next_hop = std::move(next_hop), .deadline = {}};
  }
  const SteadyTime now{100s};
  KnownDown known;
};

TEST_F(KnownDownTest, WhatWasSaidOfADomainHoldsForItsOtherRecipients) {
  known.put(about("a@example.org"), {.why = "is down"}, now, now + 500ms, 7);
  const auto found = known.find(about("b@example.org"), now + 499ms, 7);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->why, "is down");
  EXPECT_FALSE(known.find(about("b@example.org"), now + 500ms, 7)) << "a trial may be made";
  EXPECT_FALSE(known.find(about("b@example.org"), now, 8)) << "there is news";
}

TEST_F(KnownDownTest, ItHoldsForASecondAtMost) {
  known.put(about("a@example.org"), {}, now, now + 1h, 7);
  EXPECT_TRUE(known.find(about("a@example.org"), now + 999ms, 7));
  EXPECT_FALSE(known.find(about("a@example.org"), now + 1s, 7));
}

TEST_F(KnownDownTest, ItIsNotSaidOfOtherServersOrTerms) {
  known.put(about("a@example.org"), {}, now, now + 1s, 7);
  EXPECT_FALSE(known.find(about("a@example.com"), now, 7));
  EXPECT_FALSE(known.find(about("a@example.org", "[mx.example.net]"), now, 7));
  Question other = about("a@example.org");
  other.tls = TlsLevel::encrypt;
  EXPECT_FALSE(known.find(other, now, 7));
  other.tls.reset();
  other.sender = "probe@example.net";
  EXPECT_FALSE(known.find(other, now, 7));
}

}  // namespace
}  // namespace fallbackmx
