#include "probe/store/store.h"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "test/fake/temporary_directory.h"
#include "test/unit/forwarding_store.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

Settings settings() {
  Settings some;
  some.address_verify_positive_expire_time = days(31);
  some.address_verify_negative_expire_time = days(3);
  return some;
}

constexpr std::size_t plenty = 1'000'000;

/// Where a store has its file, and what it says of it.
struct StorePlace {
  const TemporaryDirectory directory;
  Log log{[](LogLevel, std::string_view line) { ADD_FAILURE() << line; }};
};

/// A store that takes its file along when it goes.
class TemporarySqliteStore final : private StorePlace, public ForwardingStore {
 public:
  TemporarySqliteStore() : ForwardingStore(*open_sqlite_store(directory / "verify.db", log)) {}
};

/// What every store promises.
struct Kind {
  const char* name;
  std::unique_ptr<Store> (*make)();
};

class EveryStore : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Store> store_ = GetParam().make();

  std::size_t rows() {
    store_->clean_up(now, settings(), plenty);  // a store may write behind; this waits
    return store_->rows();
  }
  /// All that a walk meets, page by page.
  std::map<std::string, AddressRecord> met(Walk walk) {
    std::map<std::string, AddressRecord> all;
    for (;;) {
      const Page page = store_->walk(walk);
      EXPECT_LE(page.lines.size(), walk.limit);
      for (const auto& line : page.lines) EXPECT_TRUE(all.emplace(line.key, line.record).second) << line.key;
      if (!page.next) return all;
      walk.after = *page.next;
    }
  }
};

TEST_P(EveryStore, FindsNothingAtFirst) {
  EXPECT_FALSE(store_->find("u@example.org"));
  EXPECT_FALSE(store_->recent_good("example.org"));
  EXPECT_EQ(store_->rows(), 0u);
  store_->forget("u@example.org");
}

TEST_P(EveryStore, FindsAtOnceWhatWasPut) {
  store_->put("u@example.org", yes());
  EXPECT_EQ(store_->find("u@example.org"), yes());
  store_->put("u@example.org", no());
  EXPECT_EQ(store_->find("u@example.org"), no());
  EXPECT_EQ(rows(), 1u);
  EXPECT_EQ(store_->find("u@example.org"), no());
  EXPECT_FALSE(store_->find("U@example.org"));
  EXPECT_FALSE(store_->find("u@example.com"));
}

TEST_P(EveryStore, HasAtHandWhatWasLatelyPutForgottenOrNeverThere) {
  store_->put("u@example.org", yes());
  store_->put("v@example.org", yes());
  store_->forget("v@example.org");
  rows();  // it is known who was never there
  for (const char* who : {"u@example.org", "v@example.org", "w@example.org"}) {
    const auto known = store_->at_hand(who);
    ASSERT_TRUE(known) << who;
    EXPECT_EQ(known->record, store_->find(who)) << who;
  }
  EXPECT_EQ(store_->at_hand("u@example.org")->record, yes());
}

TEST_P(EveryStore, ForgetsAtOnceWhatItIsToldToForget) {
  store_->put("u@example.org", yes());
  store_->forget("u@example.org");
  EXPECT_FALSE(store_->find("u@example.org"));
  EXPECT_FALSE(store_->recent_good("example.org"));
  EXPECT_EQ(rows(), 0u);
  store_->put("u@example.org", yes());
  EXPECT_EQ(rows(), 1u);
  store_->forget("u@example.org");
  EXPECT_FALSE(store_->find("u@example.org"));
  EXPECT_EQ(rows(), 0u);
}

TEST_P(EveryStore, KeepsNoVerdictButYesAndNo) {
  for (auto verdict :
       {Verdict::deferred, Verdict::refused, Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
    auto record = yes();
    record.verdict = verdict;
    store_->put("u@example.org", record);
    EXPECT_FALSE(store_->find("u@example.org")) << to_string(verdict);
  }
}

TEST_P(EveryStore, KeepsHearsayApartFromWhatWasProven) {
  auto told = no();
  told.hearsay = true;
  store_->put("told@example.org", told);
  store_->put("proven@example.org", no());
  for (int written = 0; written < 2; ++written) {
    EXPECT_EQ(store_->find("told@example.org"), told);
    EXPECT_EQ(store_->find("proven@example.org"), no());
    rows();
  }
}

TEST_P(EveryStore, KeepsKeysOfAllKindsApart) {
  const std::vector<std::string> keys = {"postmaster",
                                         "\"a b\"@example.org",
                                         "\"a@b\"@example.org",
                                         "u@[192.0.2.1]",
                                         "j\xc3\xbcrgen@x.org",
                                         "'; DROP TABLE address; --@x.org",
                                         "a%b!c@example.org",
                                         "U@x.org",
                                         "u@x.org"};
  for (std::size_t i = 0; i < keys.size(); ++i) store_->put(keys[i], yes(Seconds(static_cast<int>(i))));
  EXPECT_EQ(rows(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(store_->find(keys[i]), yes(Seconds(static_cast<int>(i)))) << keys[i];
  }
}

TEST_P(EveryStore, RefusesKeysThatCannotBeAddresses) {
  store_->put("", yes());
  store_->put(std::string(10'000, 'x') + "@example.org", yes());
  EXPECT_EQ(rows(), 0u);
}

TEST_P(EveryStore, NamesTheMostRecentlyAcceptedAddressOfADomain) {
  store_->put("old@example.org", yes(100s));
  store_->put("new@example.org", yes(10s));
  store_->put("bad@example.org", no(1s));
  store_->put("newer@sub.example.org", yes(1s));
  store_->put("newer@example.org.example", yes(1s));
  const auto check = [&] {
    EXPECT_EQ(store_->recent_good("example.org"), "new@example.org");
    EXPECT_EQ(store_->recent_good("sub.example.org"), "newer@sub.example.org");
    EXPECT_FALSE(store_->recent_good("org"));
    EXPECT_FALSE(store_->recent_good("zzz.example"));
    EXPECT_FALSE(store_->recent_good(""));
  };
  check();
  rows();
  check();
}

TEST_P(EveryStore, NamesTheNextBestWhenTheBestTurnsBad) {
  for (const bool written : {false, true}) {
    store_->put("a@example.org", yes(30s));
    store_->put("b@example.org", yes(20s));
    store_->put("c@example.org", yes(10s));
    if (written) rows();
    store_->put("c@example.org", no());
    EXPECT_EQ(store_->recent_good("example.org"), "b@example.org");
    store_->forget("b@example.org");
    EXPECT_EQ(store_->recent_good("example.org"), "a@example.org");
    store_->put("c@example.org", yes());
    EXPECT_EQ(store_->recent_good("example.org"), "c@example.org");
  }
}

TEST_P(EveryStore, DropsWhatHasExpired) {
  store_->put("fresh@example.org", yes());
  store_->put("old@example.org", yes(days(31)));
  store_->put("expired@example.org", yes(days(31) + 1s));
  store_->put("no@example.org", no(days(3)));
  store_->put("expired-no@example.org", no(days(3) + 1s));
  store_->put("future@example.org", no(-days(30)));
  store_->clean_up(now, settings(), plenty);
  EXPECT_EQ(store_->rows(), 4u);
  EXPECT_FALSE(store_->find("expired@example.org"));
  EXPECT_FALSE(store_->find("expired-no@example.org"));
  EXPECT_TRUE(store_->find("old@example.org"));
  EXPECT_TRUE(store_->find("no@example.org"));
  EXPECT_TRUE(store_->find("future@example.org"));
}

TEST_P(EveryStore, DropsTheOldestNoesFirst) {
  for (int i = 0; i < 3000; ++i) store_->put("no" + std::to_string(i) + "@example.org", no(Seconds(i)));
  for (int i = 0; i < 100; ++i)
    store_->put("yes" + std::to_string(i) + "@example.org", yes(days(20) + Seconds(i)));
  store_->clean_up(now, settings(), 150);
  EXPECT_EQ(store_->rows(), 150u);
  EXPECT_TRUE(store_->find("no49@example.org"));
  EXPECT_FALSE(store_->find("no50@example.org"));
  store_->clean_up(now, settings(), 60);
  EXPECT_EQ(store_->rows(), 60u);
  EXPECT_FALSE(store_->find("no0@example.org"));
  EXPECT_TRUE(store_->find("yes59@example.org"));
  EXPECT_FALSE(store_->find("yes60@example.org"));
}

TEST_P(EveryStore, LosesNoYesToADictionaryAttack) {
  store_->clean_up(now, settings(), 500);
  for (int i = 0; i < 100; ++i) store_->put("yes" + std::to_string(i) + "@example.org", yes(days(20)));
  for (int i = 0; i < 5000; ++i) store_->put("no" + std::to_string(i) + "@example.org", no());
  store_->clean_up(now, settings(), 500);
  EXPECT_EQ(store_->rows(), 500u);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(store_->find("yes" + std::to_string(i) + "@example.org")) << i;
}

TEST_P(EveryStore, ServesEightThreadsThatFindAtOnceWhatTheyPut) {
  std::atomic<int> lost = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto domain = "d" + std::to_string(t % 4) + ".example";
      for (int i = 0; i < 300; ++i) {
        const auto key = "u" + std::to_string(t) + "-" + std::to_string(i % 50) + "@" + domain;
        const auto record = i % 3 == 0 ? no(Seconds(i)) : yes(Seconds(i));
        store_->put(key, record);
        if (store_->find(key) != record) ++lost;
        if (i % 7 == 0) {
          store_->forget(key);
          if (store_->find(key)) ++lost;
        }
        if (i % 20 == 1 && !store_->recent_good(domain)) ++lost;
        if (i % 100 == 0) store_->clean_up(now, settings(), plenty);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(lost, 0);
  EXPECT_LE(rows(), 400u);
}

TEST_P(EveryStore, IsWalkedThroughInPages) {
  EXPECT_TRUE(met({}).empty());
  std::map<std::string, AddressRecord> all, of_domain, noes;
  for (int i = 0; i < 2500; ++i) {
    const bool ours = i % 50 == 0, is_no = i % 3 == 0;
    const auto key = "u" + std::to_string(i) + (ours ? "@example.org" : "@example.com");
    const auto record = is_no ? no(Seconds(i)) : yes(Seconds(i));
    store_->put(key, record);
    all.emplace(key, record);
    if (ours) of_domain.emplace(key, record);
    if (ours && is_no) noes.emplace(key, record);
  }
  rows();
  EXPECT_EQ(met({}), all);
  EXPECT_EQ(met({.limit = 7}), all);
  EXPECT_EQ(met({.limit = 1000}), all);
  EXPECT_EQ(met({.domain = "example.org"}), of_domain);
  EXPECT_EQ(met({.limit = 3, .domain = "example.org", .verdict = Verdict::undeliverable}), noes);
  EXPECT_TRUE(met({.domain = "org"}).empty());
  EXPECT_EQ(store_->walk({.limit = 0}).lines.size(), 1u);
  EXPECT_EQ(store_->walk({.limit = 100'000}).lines.size(), 1000u);
}

TEST_P(EveryStore, IsWalkedThroughWhileItChanges) {
  for (int i = 0; i < 100; ++i) store_->put("u" + std::to_string(i) + "@example.org", yes());
  rows();
  const Page first = store_->walk({.limit = 10});
  ASSERT_TRUE(first.next);
  store_->forget(*first.next);
  for (const auto& [key, record] : met({})) {
    EXPECT_NE(key, *first.next);
    store_->put(key, no());
  }
  const Page rest = store_->walk({.after = *first.next, .limit = 1000});
  EXPECT_EQ(rest.lines.size(), 90u);
  EXPECT_FALSE(rest.next);
  for (const auto& line : rest.lines) EXPECT_EQ(line.record, no()) << line.key;
}

TEST_P(EveryStore, IsWalkedThroughWhileChangesAreWritten) {
  for (int i = 0; i < 500; ++i) store_->put("u" + std::to_string(i) + "@example.org", yes());
  rows();
  const std::string changed = "u0@example.org";
  int stale = 0;
  for (int turn = 1; turn <= 500; ++turn) {
    store_->put(changed, yes(Seconds(turn)));
    for (const auto& line : store_->walk({.limit = 1000}).lines)
      stale += line.key == changed && line.record != yes(Seconds(turn));
  }
  EXPECT_EQ(stale, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryStore,
                         testing::Values(Kind{"memory", [] { return make_memory_store(); }},
                                         Kind{"sqlite",
                                              []() -> std::unique_ptr<Store> {
                                                return std::make_unique<TemporarySqliteStore>();
                                              }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace fallbackmx
