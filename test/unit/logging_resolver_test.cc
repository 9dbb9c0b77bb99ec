#include "probe/dns/logging_resolver.h"

#include <gtest/gtest.h>

#include <array>

#include "test/fake/fake_resolver.h"
#include "test/fake/simulation.h"

namespace fallbackmx {
namespace {

TEST(LoggingResolver, SaysWhatWasAskedAndLearned) {
  Simulation clock;
  FakeResolver dns{clock};
  for (const auto* line :
       {"example.org MX 20 mx2.example.org", "example.org MX 10 mx1.example.org", "example.org AD",
        "mx1.example.org A 192.0.2.1", "null.example MX 0 .", "broken.example SERVFAIL"})
    dns.add(line);
  std::string logged;
  Log log{[&](LogLevel level, std::string_view line) {
            EXPECT_EQ(level, LogLevel::debug);
            logged.append(line).append("\n");
          },
          LogLevel::debug};
  LoggingResolver resolver(dns, log);
  const SteadyTime deadline = clock.now() + std::chrono::seconds(1);
  EXPECT_EQ(resolver.lookup("example.org", RecordType::mx, deadline).mx.size(), 2U);
  const std::array<Lookup, 2> both{
      {{"mx1.example.org", RecordType::a}, {"mx1.example.org", RecordType::aaaa}}};
  EXPECT_EQ(resolver.lookup_all(both, deadline).front().addresses.size(), 1U);
  resolver.lookup("null.example", RecordType::mx, deadline);
  resolver.lookup("nobody.example", RecordType::mx, deadline);
  resolver.lookup("broken.example", RecordType::mx, deadline);
  EXPECT_EQ(logged,
            "dns: example.org MX: 20 mx2.example.org, 10 mx1.example.org (authentic, ttl 300 s)\n"
            "dns: mx1.example.org A: 192.0.2.1 (not authenticated, ttl 300 s)\n"
            "dns: mx1.example.org AAAA: no such records (not authenticated, ttl 300 s)\n"
            "dns: null.example MX: 0 . (not authenticated, ttl 300 s)\n"
            "dns: nobody.example MX: the name does not exist (not authenticated, ttl 300 s)\n"
            "dns: broken.example MX: no answer: broken.example MX: SERVFAIL\n");
}

}  // namespace
}  // namespace fallbackmx
