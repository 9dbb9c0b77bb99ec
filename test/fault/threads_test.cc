// Threads that the machine does not give us.
#include <gtest/gtest.h>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

class Threads : public WithFaults {};

/// An exception tells of them: whoever has his log in syslog does not see standard error.
TEST_F(Threads, ThatAreMissingAtAStartAreSaidInTheLog) {
  configure("log_target = syslog\n");
  start();
  ASSERT_EQ(stop(), 0);
  for (std::int64_t n = 1; !logged("syslog: cannot start: Resource temporarily unavailable"); ++n) {
    board_.arm(Fault::thread, n);
    launch();
    const bool ready = daemon_->hears("READY=1");
    board_.disarm();
    ASSERT_GT(board_.failed(), 0u) << "no start was told of it";
    ready ? stop() : daemon_->wait();
  }
}

}  // namespace
}  // namespace fallbackmx
