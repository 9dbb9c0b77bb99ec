#include "probe/primary/server_note.h"

#include <gtest/gtest.h>

#include <random>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

class ServerNoteTest : public testing::Test {
 protected:
  std::optional<ServerNote> parsed(std::string_view text, WallTime::duration age = 1min) const {
    return ServerNote::parse(text, wall - age, now, wall);
  }
  const SteadyTime now{1000s};
  const WallTime wall{1'795'338'000s};
};

TEST_F(ServerNoteTest, ThereIsNothingToKeepOfAServerThatIsWell) {
  EXPECT_EQ(ServerNote().text(now, wall), "");
}

TEST_F(ServerNoteTest, AnOutageIsKeptWithItsCost) {
  ServerNote note;
  note.down = {
      .since = now - 60s, .cost = {.unverified = 17, .longest_wait = 5012ms}, .why = "Connection refused"};
  const std::string text = note.text(now, wall);
  EXPECT_EQ(text, "1 since=1795337940 unverified=17 waited=5012 why=Connection refused");
  const auto kept = parsed(text);
  ASSERT_TRUE(kept && kept->down);
  EXPECT_EQ(kept->down->since, now - 60s);
  EXPECT_EQ(kept->down->cost.unverified, 17U);
  EXPECT_EQ(kept->down->cost.longest_wait, 5012ms);
  EXPECT_EQ(kept->down->why, "Connection refused");
}

TEST_F(ServerNoteTest, WhatWasLearnedIsKept) {
  ServerNote note;
  note.habits.no_pipelining = note.habits.takes_first_sender = note.habits.fallback_sender = true;
  note.refused_sender = "probe@example.net";
  note.habits.no_tls_until = now + 10min;
  note.habits.greeting_took = 6s;
  note.habits.hung_up_after(11, now);
  note.habits.hung_up_after_rejections(2, now);
  const std::string text = note.text(now, wall);
  EXPECT_EQ(
      text,
      "1 no-pipelining takes-first-sender refuses=probe@example.net no-tls-until=1795338600 greeting=6000 "
      "transactions=10 rejections=2");
  const auto kept = parsed(text);
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->down);
  EXPECT_EQ(kept->text(now, wall), text);
}

TEST_F(ServerNoteTest, ThatItIsDownIsBelievedForMinutes) {
  const char* text = "1 since=1795337940 unverified=0 waited=0 no-pipelining";
  EXPECT_TRUE(parsed(text, 5min)->down);
  EXPECT_FALSE(parsed(text, 6min)->down);
  EXPECT_TRUE(parsed(text, 6min)->habits.no_pipelining);
  EXPECT_TRUE(parsed(text, 24h));
  EXPECT_FALSE(parsed(text, 25h));
  EXPECT_FALSE(parsed(text, -1h)) << "from the future: the clock was wrong then, or is now";
}

TEST_F(ServerNoteTest, AnyByteMayBeWrong) {
  for (const char* text :
       {"", "1", "2 no-pipelining", "1no-pipelining", "1 frob", "1 since=", "1 since=x", "1 since=-1",
        "1 since=99999999999999999999", "1 unverified=3", "1 why=that", "1 no-pipelining=1", "1 greeting=-1",
        "1 transactions=0", "1  no-pipelining", "1 since=1 waited=99999999999"})
    EXPECT_FALSE(parsed(text)) << text;
  const std::string good =
      "1 since=1795337940 unverified=17 waited=5012 no-pipelining refuses=a@b rejections=2 why=no";
  std::minstd_rand random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    const auto note = parsed(bad);
    EXPECT_TRUE(!note || !note->down || note->down->since <= now) << bad;
  }
}

TEST_F(ServerNoteTest, ItHasAKey) {
  EXPECT_EQ(ServerNote::key_of("192.0.2.1:25"), "server 192.0.2.1:25");
  EXPECT_EQ(ServerNote::server_of("server 192.0.2.1:25"), "192.0.2.1:25");
  EXPECT_FALSE(ServerNote::server_of("example.org MX"));
}

}  // namespace
}  // namespace fallbackmx
