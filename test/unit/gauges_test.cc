#include "milter/pages/gauges.h"

#include <gmock/gmock.h>

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Gauges, StandForWhatIsSeenNow) {
  Metrics metrics;
  const Activity activity{.sessions = {.opening = 1, .open = 2, .full = 3},
                          .probes = 7,
                          .waiters = 9,
                          .proofs = 4,
                          .catchalls = 5,
                          .troubles = 6};
  set_gauges(metrics, 12, activity,
             {{.server = "mx1[192.0.2.1]:25", .state = Health::State::down},
              {.server = "mx2[192.0.2.2]:25", .state = Health::State::suspect}});
  for (const char* line :
       {"probes_in_flight 7\n", "probe_waiters 9\n", "sessions{state=\"opening\"} 1\n",
        "sessions{state=\"open\"} 2\n", "sessions{state=\"full\"} 3\n", "store_rows{kind=\"address\"} 12\n",
        "store_rows{kind=\"proof\"} 4\n", "store_rows{kind=\"catchall\"} 5\n",
        "store_rows{kind=\"health\"} 6\n", "primary_up{destination=\"mx1[192.0.2.1]:25\"} 0\n",
        "primary_up{destination=\"mx2[192.0.2.2]:25\"} 1\n"})
    EXPECT_THAT(metrics.text(), HasSubstr(std::string("\nfallbackmx_") + line));
  set_gauges(metrics, 12, activity, {});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("mx1")));
}

}  // namespace
}  // namespace fallbackmx
