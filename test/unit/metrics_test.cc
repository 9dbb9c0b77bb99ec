#include "probe/base/metrics.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, StandInPrometheusTextFormat) {
  Metrics metrics;
  metrics.count(Counter::verdicts, {"deliverable", "probe"});
  metrics.count(Counter::verdicts, {"deliverable", "probe"});
  metrics.count(Counter::verdicts, {"late", "none"});
  metrics.set(Gauge::probe_waiters, 12);
  metrics.observe(Timer::dns_time, 3ms);
  metrics.observe(Timer::dns_time, 1h);
  const std::string text = metrics.text();
  for (const auto* line : {"# HELP fallbackmx_verdicts_total ", "# TYPE fallbackmx_verdicts_total counter\n",
                           "fallbackmx_verdicts_total{source=\"probe\",verdict=\"deliverable\"} 2\n",
                           "fallbackmx_verdicts_total{source=\"none\",verdict=\"late\"} 1\n",
                           "# TYPE fallbackmx_probe_waiters gauge\nfallbackmx_probe_waiters 12\n",
                           "# TYPE fallbackmx_dns_duration_seconds histogram\n",
                           "fallbackmx_dns_duration_seconds_bucket{le=\"0.002\"} 0\n",
                           "fallbackmx_dns_duration_seconds_bucket{le=\"0.005\"} 1\n",
                           "fallbackmx_dns_duration_seconds_bucket{le=\"10\"} 1\n",
                           "fallbackmx_dns_duration_seconds_bucket{le=\"+Inf\"} 2\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, WithoutLabelsCountFromZero) {
  const Metrics metrics;
  EXPECT_THAT(metrics.text(), HasSubstr("\nfallbackmx_unverified_total 0\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("fallbackmx_verdicts_total{")));
}

TEST(Metrics, AGaugeWithNamesForgetsThoseThatAreGone) {
  Metrics metrics;
  metrics.replace(Gauge::primary_up, {{"mx1", 1}, {"mx2", 0}});
  EXPECT_THAT(metrics.text(), HasSubstr("fallbackmx_primary_up{destination=\"mx1\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("fallbackmx_primary_up{destination=\"mx2\"} 0\n"));
  metrics.replace(Gauge::primary_up, {{"mx2", 1}});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("mx1")));
  EXPECT_THAT(metrics.text(), HasSubstr("fallbackmx_primary_up{destination=\"mx2\"} 1\n"));
}

TEST(Metrics, ACounterFollowsAnother) {
  Metrics metrics;
  metrics.count_to(Counter::store_set_aside, 2);
  metrics.count_to(Counter::store_set_aside, 2);
  EXPECT_THAT(metrics.text(), HasSubstr("\nfallbackmx_store_set_aside_total 2\n"));
}

TEST(Metrics, WhatIsDeclaredStandsAtZero) {
  Metrics metrics;
  metrics.declare(Counter::alarms, {"refused"});
  EXPECT_THAT(metrics.text(), HasSubstr("fallbackmx_alarms_total{kind=\"refused\"} 0\n"));
}

TEST(Metrics, LoseNothingBetweenThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) metrics.count(Counter::dns_queries, {"MX", "ok"});
    });
  }
  for (int i = 0; i < 100; ++i) metrics.text();
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.text(), HasSubstr("fallbackmx_dns_queries_total{result=\"ok\",type=\"MX\"} 4000\n"));
}

}  // namespace
}  // namespace fallbackmx
