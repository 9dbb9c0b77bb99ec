#include "probe/dns/dns_cache.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Status = DnsAnswer::Status;

DnsAnswer answer(Status status, long ttl) {
  DnsAnswer out;
  out.status = status;
  out.ttl = seconds(ttl);
  return out;
}

TEST(DnsCache, AnswersAreKeptForTheirTimeWithinBounds) {
  const struct {
    const char* name;
    Status status;
    long ttl, want;
  } table[] = {
      {"positive", Status::ok, 300, 300},
      {"positive, no time", Status::ok, 0, 1},
      {"positive, a week", Status::ok, 604800, 3600},
      {"no such record", Status::no_data, 60, 60},
      {"no such name, without SOA", Status::nx_domain, 0, 1},
      {"no such name, for an hour", Status::nx_domain, 3600, 300},
  };
  for (const auto& row : table)
    EXPECT_EQ(kept_for(answer(row.status, row.ttl)).count(), row.want) << row.name;
}

TEST(DnsCache, AnAnswerAgesAndGoes) {
  DnsCache cache;
  const SteadyTime start{};
  cache.put("example.org MX", answer(Status::ok, 10), start);
  ASSERT_TRUE(cache.find("example.org MX", start));
  EXPECT_EQ(cache.find("example.org MX", start + milliseconds(2500))->ttl, seconds(8));
  EXPECT_TRUE(cache.find("example.org MX", start + milliseconds(9999)));
  EXPECT_FALSE(cache.find("example.org MX", start + seconds(10)));
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_FALSE(cache.find("example.org A", start));
}

TEST(DnsCache, AFailureIsKeptForTwiceAsLongEachTime) {
  DnsCache cache;
  SteadyTime now{};
  for (const int kept : {1, 2, 4, 8, 16, 32, 60, 60}) {
    cache.put("example.org MX", answer(Status::temporary, 300), now);
    EXPECT_TRUE(cache.find("example.org MX", now + seconds(kept) - milliseconds(1))) << kept;
    now += seconds(kept);
    EXPECT_FALSE(cache.find("example.org MX", now)) << kept;
  }
  cache.put("example.org MX", answer(Status::ok, 10), now);
  EXPECT_EQ(cache.find("example.org MX", now)->status, Status::ok);
  now += seconds(10);
  cache.put("example.org MX", answer(Status::temporary, 0), now);
  EXPECT_FALSE(cache.find("example.org MX", now + seconds(1))) << "an answer begins it anew";
}

TEST(DnsCache, OnlyASlowFailureIsNotWaitedForAgainWithinAMinute) {
  DnsCache cache;
  const SteadyTime now{};
  cache.put("fast", answer(Status::temporary, 0), now, milliseconds(899));
  cache.put("slow", answer(Status::temporary, 0), now, milliseconds(900));
  EXPECT_FALSE(cache.slow_failure("fast", now));
  EXPECT_TRUE(cache.slow_failure("slow", now + milliseconds(59'999)));
  EXPECT_FALSE(cache.slow_failure("slow", now + seconds(60)));
  EXPECT_FALSE(cache.slow_failure("other", now));
  cache.put("slow", answer(Status::ok, 10), now);
  EXPECT_FALSE(cache.slow_failure("slow", now));
}

TEST(DnsCache, ANewAnswerTakesThePlaceOfTheOld) {
  DnsCache cache;
  cache.put("a", answer(Status::ok, 10), {});
  cache.put("a", answer(Status::nx_domain, 10), {});
  EXPECT_EQ(cache.find("a", {})->status, Status::nx_domain);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(DnsCache, TheOneUnusedForLongestMakesRoom) {
  DnsCache cache(3);
  for (const auto* key : {"a", "b", "c"}) cache.put(key, answer(Status::ok, 100), {});
  EXPECT_TRUE(cache.find("a", {}));
  cache.put("d", answer(Status::ok, 100), {});
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_TRUE(cache.find("a", {}));
  EXPECT_FALSE(cache.find("b", {}));
}

TEST(DnsCache, LargeAnswersDoNotFillTheMemory) {
  DnsCache cache(1000, 100'000);
  DnsAnswer large = answer(Status::ok, 100);
  large.mx.assign(100, MxRecord{10, std::string(250, 'a')});
  for (int i = 0; i < 100; ++i) cache.put(std::to_string(i), large, {});
  EXPECT_LE(cache.size(), 4u);
  EXPECT_TRUE(cache.find("99", {}));
}

}  // namespace
}  // namespace fallbackmx
