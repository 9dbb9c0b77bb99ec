// What keeps books in several containers at once keeps them in order when one of these gets no memory.
#include "test/unit/scarce_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "conf/parameters.h"
#include "probe/base/log.h"
#include "probe/base/recent_map.h"
#include "probe/dns/dns_cache.h"
#include "probe/primary/probe_queue.h"
#include "probe/store/store.h"

namespace {

thread_local int until_failure = 0;  // 0: never

}  // namespace

// g++ takes them for a pair that does not fit when it sees into one and not into the other.
#define NOT_INLINE __attribute__((noinline))

NOT_INLINE void* operator new(std::size_t size) {
  if (until_failure > 0 && --until_failure == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
/// A sanitizer's own would not fit to our delete.
NOT_INLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
NOT_INLINE void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINE void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace fallbackmx {

ScarceMemory::ScarceMemory(int nth) { until_failure = nth; }
ScarceMemory::~ScarceMemory() { until_failure = 0; }

namespace {

const std::string long_name(100, 'x');  // one that needs memory

/// Whoever looks for the reason of an answer finds at least that there was one.
TEST(OutOfMemory, ALineOfLogThatThereIsNoMemoryForIsMissedByAnother) {
  std::array<char, 100> said{};
  Log log([&](LogLevel, std::string_view line) { line.copy(said.data(), said.size() - 1); });
  {
    const ScarceMemory scarce(1);
    log.info(std::string_view(long_name));
  }
  EXPECT_STREQ(said.data(), "a line is missing here: out of memory");
}

/// An entry that had no place in the order ended the process when it
/// was touched again.
TEST(OutOfMemory, AnEntryOfARecentMapIsThereWholeOrNotAtAll) {
  RecentMap<std::string, int> map(2);
  const int failures = with_each_allocation_failing([&] { map.touch(long_name) = 1; },
                                                    [&](int nth) { EXPECT_EQ(map.size(), 0u) << nth; });
  EXPECT_EQ(failures, 3);
  map.touch(long_name);
  map.touch("b");
  map.touch("c");
  EXPECT_EQ(map.find(long_name), nullptr);
  EXPECT_EQ(map.size(), 2u);
}

/// An answer without an entry in the index took more from the count of bytes than it had added, and the cache
/// kept nothing any more.
TEST(OutOfMemory, TheDnsCacheGoesOnKeepingAnswers) {
  DnsCache cache;
  DnsAnswer answer;
  answer.status = DnsAnswer::Status::ok;
  answer.ttl = std::chrono::seconds(1);
  const SteadyTime now{}, later = now + std::chrono::hours(1);
  EXPECT_GT(with_each_allocation_failing([&] { cache.put(long_name, answer, now); },
                                         [&](int nth) { EXPECT_EQ(cache.size(), 0u) << nth; }),
            2);
  EXPECT_FALSE(cache.find(long_name, later));
  cache.put("a", answer, later);
  cache.put("b", answer, later);
  EXPECT_TRUE(cache.find("a", later)) << cache.size();
}

TEST(OutOfMemory, ARowInMemoryIsThereWholeOrNotAtAll) {
  const auto store = make_memory_store();
  AddressRecord record;
  record.verdict = Verdict::deliverable;
  record.asked = record.last_yes = SystemClock().wall();
  EXPECT_GT(with_each_allocation_failing([&] { store->put(long_name + "@example.org", record); },
                                         [&](int nth) { EXPECT_EQ(store->rows(), 0u) << nth; }),
            2);
  EXPECT_EQ(store->rows(), 1u);
  store->clean_up(record.asked, Settings{}, 0);
  EXPECT_EQ(store->rows(), 0u) << "what is in its order is dropped";
}

TEST(OutOfMemory, AProbeIsQueuedOrNotThere) {
  int everywhere = 0;
  ProbeQueue probes(1, everywhere);
  const Address recipient = *Address::parse(long_name + "@example.org");
  EXPECT_GT(with_each_allocation_failing([&] { probes.add(recipient, long_name, SteadyTime{}); },
                                         [&](int nth) { EXPECT_EQ(probes.in_flight(), 0u) << nth; }),
            3);
  EXPECT_EQ(probes.in_flight(), 1u);
  EXPECT_EQ(everywhere, 1);
  EXPECT_EQ(probes.queued(), 1u);
}

}  // namespace
}  // namespace fallbackmx
