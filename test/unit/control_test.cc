#include "probe/control.h"

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

TEST(Control, ARefusedControlTakesTheProofAwayAndAlarmsOnce) {
  Control control;
  const SteadyTime now{1h};
  control.accepted(ours, now);
  EXPECT_TRUE(control.refused(ours));
  EXPECT_FALSE(control.proven(ours, now, 60s));
  EXPECT_FALSE(control.refused(ours)) << "one alarm is enough";
  EXPECT_TRUE(control.accepted(ours, now)) << "that it is well again is news";
  EXPECT_TRUE(control.refused(ours)) << "and after that so is the next alarm";
}

}  // namespace
}  // namespace fallbackmx
