#include "probe/primary/catchall.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class CatchallTest : public testing::Test {
 protected:
  bool claim(const std::string& domain, SteadyTime at) { return catchall.claim(server, domain, at, 1h); }
  bool everything(const std::string& domain, SteadyTime at) {
    return catchall.accepts_everything(server, domain, at, 1h);
  }

  const std::string server = "192.0.2.1:25";
  const SteadyTime now{1000h};
  Catchall catchall;
};

TEST_F(CatchallTest, ATestIsDueOncePerLifetimeServerAndDomain) {
  EXPECT_TRUE(claim("example.org", now));
  EXPECT_FALSE(claim("example.org", now + 1h));
  EXPECT_TRUE(claim("example.net", now));
  EXPECT_TRUE(catchall.claim("192.0.2.2:25", "example.org", now, 1h));
  EXPECT_TRUE(claim("example.org", now + 1h + 1s));
}

TEST_F(CatchallTest, WhatWasLearnedHoldsForALifetime) {
  claim("example.org", now);
  EXPECT_FALSE(everything("example.org", now)) << "not before the reply";
  EXPECT_TRUE(catchall.learned(server, "example.org", true, now + 1s)) << "that is news";
  EXPECT_TRUE(everything("example.org", now + 1h));
  EXPECT_FALSE(everything("example.net", now + 1s));
  EXPECT_FALSE(everything("example.org", now + 1h + 2s));
}

TEST_F(CatchallTest, DomainsThatAcceptEverythingCanBeListed) {
  for (const char* domain : {"example.org", "example.net", "example.com"}) claim(domain, now);
  catchall.learned(server, "example.org", true, now);
  catchall.learned(server, "example.net", true, now + 30min);
  catchall.learned(server, "example.com", false, now);
  EXPECT_EQ(catchall.domains(now + 30min, 1h).at(server),
            (std::vector<std::string>{"example.net", "example.org"}));
  EXPECT_EQ(catchall.domains(now + 61min, 1h).at(server), std::vector<std::string>{"example.net"});
  EXPECT_TRUE(catchall.domains(now + 3h, 1h).empty());
}

TEST_F(CatchallTest, ATestWithoutAReplyDoesNotProlongWhatWasLearned) {
  claim("example.org", now);
  catchall.learned(server, "example.org", true, now);
  claim("example.org", now + 2h);
  EXPECT_FALSE(everything("example.org", now + 2h));
  EXPECT_FALSE(catchall.learned(server, "example.org", true, now + 2h)) << "the same as before is no news";
  EXPECT_TRUE(everything("example.org", now + 2h));
  EXPECT_TRUE(catchall.learned(server, "example.org", false, now + 4h)) << "a change is";
  EXPECT_FALSE(everything("example.org", now + 4h));
}

TEST(ImpossibleLocalPart, IsRecognisableAndNeverTheSame) {
  EXPECT_TRUE(impossible_local_part().starts_with("fallbackmx-test-"));
  EXPECT_NE(impossible_local_part(), impossible_local_part());
}

}  // namespace
}  // namespace fallbackmx
