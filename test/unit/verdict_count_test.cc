#include "milter/session/verdict_count.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "probe/dns/counting_resolver.h"
#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(VerdictCount, EachAnswerCountsOnceByWhatDecidedIt) {
  Metrics metrics;
  const Outcome refused{.reply = {550, "5.1.1", "no"},
                        .by = Restriction::reject_unverified_recipient,
                        .finding = Finding{.verdict = Verdict::undeliverable, .source = Source::probe}};
  const Outcome late{.by = Restriction::reject_unverified_recipient,
                     .finding = Finding{.verdict = Verdict::late},
                     .unverified = true};
  count(metrics, refused, 20ms);
  count(metrics, refused, 20ms);
  count(metrics, late, 8s);
  count(metrics, {.reply = {450, "4.1.8", "later"}, .by = Restriction::reject_unknown_sender_domain}, 1ms);
  count(metrics, {}, 1ms);
  count(metrics, {.not_asked = NotAsked{NotAsked::Reason::not_listed}}, 1ms);
  const std::string text = metrics.text();
  for (const auto* line :
       {"verdicts_total{source=\"probe\",verdict=\"undeliverable\"} 2\n",
        "verdicts_total{source=\"none\",verdict=\"late\"} 1\n",
        "actions_total{action=\"reject\",restriction=\"reject_unverified_recipient\"} 2\n",
        "actions_total{action=\"accept\",restriction=\"reject_unverified_recipient\"} 1\n",
        "actions_total{action=\"defer\",restriction=\"reject_unknown_sender_domain\"} 1\n",
        "actions_total{action=\"accept\",restriction=\"none\"} 2\n", "unverified_total 1\n",
        "not_asked_total{reason=\"not-listed\"} 1\n", "deadline_exceeded_total 1\n",
        "answer_duration_seconds_count{source=\"probe\"} 2\n",
        "answer_duration_seconds_bucket{source=\"probe\",le=\"0.01\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\nfallbackmx_") + line));
  }
}

TEST(CountingResolver, HandsOnWhatItCounts) {
  Simulation clock;
  FakeResolver dns(clock);
  dns.add("example.org MX 10 mx1.example.org");
  Metrics metrics;
  CountingResolver counting(dns, clock, metrics);
  EXPECT_EQ(counting.lookup("example.org", RecordType::mx, SteadyTime::max()).mx.size(), 1u);
  EXPECT_EQ(counting.lookup("nowhere.example.org", RecordType::a, SteadyTime::max()).status,
            DnsAnswer::Status::nx_domain);
  const Lookup together[] = {{"example.org", RecordType::mx}, {"example.org", RecordType::aaaa}};
  EXPECT_EQ(counting.lookup_all(together, SteadyTime::max()).front().mx.size(), 1u);
  EXPECT_THAT(metrics.text(), HasSubstr("dns_queries_total{result=\"ok\",type=\"MX\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_queries_total{result=\"nx_domain\",type=\"A\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_queries_total{result=\"no_data\",type=\"AAAA\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_duration_seconds_count 3\n"));
  dns.keep();
  EXPECT_FALSE(counting.at_hand("example.org", RecordType::mx));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_duration_seconds_count 3\n"))
      << "what is not there is no answer";
  counting.lookup("example.org", RecordType::mx, SteadyTime::max());
  ASSERT_TRUE(counting.at_hand("example.org", RecordType::mx));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_queries_total{result=\"ok\",type=\"MX\"} 4\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("dns_duration_seconds_count 5\n"));
}

/// Nothing is counted that the manual does not explain.
TEST(Metrics, AreInTheManual) {
  std::ostringstream manual;
  manual << std::ifstream(FALLBACKMX_SOURCE_DIR "/milter/fallbackmx-milter.8").rdbuf();
#define COUNTER(enumerator, name, ...) EXPECT_THAT(manual.str(), HasSubstr(".It Va " name));
#define GAUGE(enumerator, name, ...) EXPECT_THAT(manual.str(), HasSubstr(".It Va " name));
#define TIMER(enumerator, name, ...) EXPECT_THAT(manual.str(), HasSubstr(".It Va " name));
#include "probe/base/metrics.def"
}

}  // namespace
}  // namespace fallbackmx
