#include "probe/primary/control.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const ControlKey ours{"192.0.2.1:25 <> none", "example.org"};

TEST(Control, AServerThatHasSaidYesIsProvenForAWhile) {
  Control control;
  const SteadyTime now{1h};
  EXPECT_FALSE(control.proven(ours, now, 60s));
  control.accepted(ours, now);
  EXPECT_TRUE(control.proven(ours, now, 60s));
  EXPECT_TRUE(control.proven(ours, now + 60s, 60s));
  EXPECT_FALSE(control.proven(ours, now + 61s, 60s));
}

TEST(Control, AnotherDomainServerOrSenderProvesNothing) {
  Control control;
  const SteadyTime now{1h};
  control.accepted(ours, now);
  EXPECT_FALSE(control.proven({ours.server, "example.net"}, now, 60s));
  EXPECT_FALSE(control.proven({"192.0.2.1:25 <probe@fallback.example> none", ours.domain}, now, 60s));
  EXPECT_FALSE(control.proven({"192.0.2.2:25 <> none", ours.domain}, now, 60s));
}

TEST(Control, ARefusedControlTakesTheProofAway) {
  Control control;
  const SteadyTime now{1h};
  control.accepted(ours, now);
  control.refused(ours);
  EXPECT_FALSE(control.proven(ours, now, 60s));
}

TEST(Control, AnAlarmIsNewsOnceUntilTheServerIsWellAgain) {
  Control control;
  EXPECT_FALSE(control.well_again("192.0.2.1:25", "example.org")) << "it was never anything else";
  EXPECT_TRUE(control.alarmed("192.0.2.1:25", "example.org"));
  EXPECT_FALSE(control.alarmed("192.0.2.1:25", "example.org")) << "one alarm is enough";
  EXPECT_TRUE(control.alarmed("192.0.2.1:25", "example.net")) << "another domain";
  EXPECT_TRUE(control.well_again("192.0.2.1:25", "example.org"));
  EXPECT_FALSE(control.well_again("192.0.2.1:25", "example.org"));
  EXPECT_TRUE(control.alarmed("192.0.2.1:25", "example.org"));
}

}  // namespace
}  // namespace fallbackmx
