#include "probe/store/shared_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "probe/store/store.h"
#include "probe/store/verify_text.h"
#include "test/fake/fake_redis.h"
#include "test/fake/temporary_directory.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using Mood = FakeRedis::Mood;

const std::string someone = "u@example.org", users_place = "fallbackmx:v1:u@example.org";

AddressRecord told(AddressRecord no) {
  no.hearsay = true;
  return no;
}

class SharedMemoryTest : public testing::Test {
 protected:
  SharedMemoryTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    redis_ = std::make_unique<FakeRedis>(directory_ / "socket", "secret");
  }

  std::unique_ptr<SharedMemory> memory(const std::string& password = "secret") {
    return std::make_unique<SharedMemory>(
        SharedMemory::Options{.server = {.socket = directory_ / "socket", .password = password},
                              .we = "fallback1.example.org",
                              .yes_lifetime = 1000s,
                              .no_lifetime = 100s,
                              .retry = 1ms,
                              .look = 1ms},
        log_);
  }
  /// Until it is well and has nothing left to write.
  static bool settled(SharedMemory& memory) { return memory.flush(std::chrono::steady_clock::now() + 20s); }
  int asked() { return redis_->count("GET", users_place); }
  std::string errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<FakeRedis> redis_;
  std::mutex mutex_;
  std::string errors_;
  Log log_{[this](LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (level == LogLevel::error) errors_ += std::string(line) + "\n";
  }};
};

TEST_F(SharedMemoryTest, WhatOneLearnsTheOtherKnows) {
  const auto one = memory(), other = memory();
  ASSERT_TRUE(settled(*one) && settled(*other));
  EXPECT_FALSE(other->find(someone));
  one->put(someone, yes());
  ASSERT_TRUE(settled(*one));
  EXPECT_EQ(other->find(someone), yes());
  EXPECT_THAT(redis_->written(users_place),
              ElementsAre("SET", users_place, to_text({someone, yes()}), "EX", "1000"));
  one->put(someone, no());
  ASSERT_TRUE(settled(*one));
  EXPECT_EQ(other->find(someone), told(no()));
  EXPECT_EQ(redis_->written(users_place).back(), "100");
  other->forget(someone);
  ASSERT_TRUE(settled(*other));
  EXPECT_FALSE(one->find(someone));
  EXPECT_EQ(errors(), "");
}

TEST_F(SharedMemoryTest, ARedisInTroubleIsAskedOnceAndThenLeftAloneUntilItIsWell) {
  for (const auto mood : {Mood::silent, Mood::hangs_up, Mood::garbage, Mood::endless}) {
    redis_->be(Mood::well);
    redis_->set(users_place, to_text({someone, yes()}));
    errors_.clear();
    const auto shared = memory();
    ASSERT_TRUE(settled(*shared));
    EXPECT_EQ(shared->find(someone), yes());
    const int before = asked();
    redis_->be(mood);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(shared->find(someone));
    EXPECT_LE(asked(), before + 1) << static_cast<int>(mood);
    EXPECT_THAT(errors(), HasSubstr("left alone until it is well again"));
    EXPECT_EQ(errors().find('\n'), errors().size() - 1) << "said once: " << errors();
    redis_->be(Mood::well);
    ASSERT_TRUE(settled(*shared));
    EXPECT_EQ(shared->find(someone), yes());
  }
}

TEST_F(SharedMemoryTest, WhatWasLearntMeanwhileIsWrittenWhenRedisIsBack) {
  const auto shared = memory();
  ASSERT_TRUE(settled(*shared));
  redis_.reset();
  EXPECT_FALSE(shared->find("other@example.org"));
  shared->put(someone, yes());
  EXPECT_EQ(shared->find(someone), yes());
  redis_ = std::make_unique<FakeRedis>(directory_ / "socket", "secret");
  ASSERT_TRUE(settled(*shared));
  EXPECT_EQ(redis_->get(users_place), to_text({someone, yes()}));
}

TEST_F(SharedMemoryTest, AFullRedisIsStillReadFrom) {
  redis_->set(users_place, to_text({someone, yes()}));
  const auto shared = memory();
  ASSERT_TRUE(settled(*shared));
  redis_->be(Mood::full);
  for (const auto* key : {"a@example.org", "b@example.org"}) {
    shared->put(key, yes());
    ASSERT_TRUE(settled(*shared));
  }
  EXPECT_EQ(shared->find(someone), yes());
  EXPECT_THAT(errors(), HasSubstr("does not take what we write: OOM command not allowed"));
  EXPECT_EQ(errors().find('\n'), errors().size() - 1) << "said once: " << errors();
}

TEST_F(SharedMemoryTest, AWrongPasswordIsSaidOnce) {
  {
    const auto shared = memory("wrong");
    while (redis_->count("AUTH", "wrong") < 5) EXPECT_FALSE(shared->find(someone));
  }
  EXPECT_THAT(errors(), HasSubstr("AUTH was answered: WRONGPASS"));
  EXPECT_EQ(errors().find('\n'), errors().size() - 1) << "said once: " << errors();
}

TEST_F(SharedMemoryTest, NothingIsBelievedButALineAboutThatAddress) {
  const auto shared = memory();
  ASSERT_TRUE(settled(*shared));
  for (const auto& lie : {std::string(), std::string("yes"), to_text({"other@example.org", yes()}),
                          std::string(100'000, 'x'), std::string("\0\1\2\r\n", 5)}) {
    redis_->set(users_place, lie);
    EXPECT_FALSE(shared->find(someone)) << lie.substr(0, 100);
  }
  EXPECT_EQ(errors(), "");
}

TEST_F(SharedMemoryTest, IsASecondLevelBehindWhatIsRememberedHere) {
  redis_->set(users_place, to_text({someone, yes(10s)}));
  auto shared = memory();
  SharedMemory& second = *shared;
  const auto store = share_store(make_memory_store(), std::move(shared));
  ASSERT_TRUE(settled(second));
  EXPECT_FALSE(store->at_hand(someone));
  EXPECT_EQ(store->find(someone), yes(10s));
  EXPECT_EQ(store->recent_good("example.org"), someone);
  const int before = asked();
  EXPECT_EQ(store->find(someone), yes(10s));
  ASSERT_TRUE(store->at_hand(someone));
  EXPECT_EQ(store->at_hand(someone)->record, yes(10s));
  EXPECT_EQ(asked(), before) << "a yes is served from here";
  store->put(someone, no(5s));
  ASSERT_TRUE(settled(second));
  EXPECT_FALSE(store->at_hand(someone)) << "another may know better than a no";
  EXPECT_EQ(redis_->get(users_place), to_text({someone, no(5s)}));
  redis_->set(users_place, to_text({someone, yes(7s)}));
  EXPECT_EQ(store->find(someone), no(5s)) << "what is known here is newer";
  redis_->set(users_place, to_text({someone, no(4s)}));
  EXPECT_EQ(store->find(someone), no(5s)) << "what is proven here is more than what another says";
  redis_->set(users_place, to_text({someone, yes(3s)}));
  EXPECT_EQ(store->find(someone), yes(3s)) << "another has seen the mailbox since";
  store->forget(someone);
  EXPECT_FALSE(store->find(someone));
  EXPECT_EQ(store->rows(), 0u);
}

TEST_F(SharedMemoryTest, ANoFromRedisIsRememberedAsHearsay) {
  redis_->set(users_place, to_text({someone, no(10s)}));
  auto shared = memory();
  SharedMemory& second = *shared;
  const auto store = share_store(make_memory_store(), std::move(shared));
  ASSERT_TRUE(settled(second));
  EXPECT_EQ(store->find(someone), told(no(10s)));
  redis_->be(Mood::hangs_up);
  EXPECT_EQ(store->find(someone), told(no(10s))) << "and still when Redis is gone";
  EXPECT_EQ(store->find(someone), told(no(10s)));
  store->put(someone, no(5s));
  EXPECT_EQ(store->find(someone), no(5s)) << "now it is proven";
}

TEST_F(SharedMemoryTest, WhatOneSaysAboutAServerTheOtherHears) {
  const std::string server = "192.0.2.1:25";
  const auto one = memory(), other = memory();
  ASSERT_TRUE(settled(*one) && settled(*other));
  EXPECT_FALSE(other->heard(server));
  one->tell(server, {false, "connection timed out"}, 60s);
  while (!other->heard(server)) std::this_thread::yield();
  EXPECT_EQ(other->heard(server), (ServerWord{false, "fallback1.example.org: connection timed out"}));
  EXPECT_THAT(redis_->written("fallbackmx:v1:down:" + server),
              ElementsAre("SET", _, "fallback1.example.org: connection timed out", "EX", "60"));
  other->tell(server, {.up = true}, 30s);
  while (!one->heard(server) || !one->heard(server)->up) std::this_thread::yield();
  EXPECT_EQ(redis_->get("fallbackmx:v1:down:" + server), "");
  EXPECT_EQ(redis_->get("fallbackmx:v1:up:" + server), "fallback1.example.org");
  EXPECT_EQ(errors(), "");
}

TEST_F(SharedMemoryTest, ARedisThatDiesIsNoticedInNobodysTime) {
  const auto shared = memory();
  ASSERT_TRUE(settled(*shared));
  shared->heard("192.0.2.1:25");
  redis_->be(Mood::hangs_up);
  while (errors().empty()) std::this_thread::yield();
  EXPECT_FALSE(shared->find(someone));
  EXPECT_EQ(asked(), 0) << "no client has met it";
}

TEST_F(SharedMemoryTest, WhoeverKnowsNobodyInADomainIsToldWhomToAskFor) {
  const auto one = memory();
  auto shared = memory();
  SharedMemory& second = *shared;
  const auto store = share_store(make_memory_store(), std::move(shared));
  ASSERT_TRUE(settled(*one) && settled(second));
  EXPECT_FALSE(store->recent_good("example.org"));
  one->put(someone, yes());
  while (redis_->get("fallbackmx:v1:good:example.org").empty()) std::this_thread::yield();
  EXPECT_EQ(store->recent_good("example.org"), someone);
  for (const auto* lie : {"u@example.com", "U@EXAMPLE.ORG", "u\r\nRSET@example.org", "u@example.org x", ""}) {
    redis_->set("fallbackmx:v1:good:example.org", lie);
    EXPECT_FALSE(store->recent_good("example.org")) << lie;
  }
  store->put("own@example.org", yes());
  EXPECT_EQ(store->recent_good("example.org"), "own@example.org");
}

TEST(RedisServerTest, IsReadFromItsSpecification) {
  const struct {
    const char* specification;
    const char* want;
  } table[] = {
      {"redis:redis.example.org:6379", "redis:redis.example.org:6379"},
      {"redis:[2001:db8::1]:6380", "redis:[2001:db8::1]:6380"},
      {"redis:unix:/run/redis/redis.sock", "redis:unix:/run/redis/redis.sock"},
      {"redis:", ""},
      {"redis:host", ""},
      {"redis:host:", ""},
      {"redis::6379", ""},
      {"redis:host:0", ""},
      {"redis:host:65536", ""},
      {"redis:host:1x", ""},
      {"redis:unix:relative", ""},
      {"memcache:host:1", ""},
  };
  for (const auto& [specification, want] : table) {
    const auto server = RedisServer::parse(specification);
    EXPECT_EQ(server ? server->text() : "", want) << specification;
  }
}

}  // namespace
}  // namespace fallbackmx
