#include "probe/store/record.h"

#include <gtest/gtest.h>

#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

Settings settings() {
  Settings some;
  some.address_verify_positive_expire_time = days(31);
  some.address_verify_positive_refresh_time = days(7);
  some.address_verify_negative_expire_time = days(3);
  some.address_verify_negative_refresh_time = 3h;
  return some;
}

AddressRecord yes(Seconds asked_ago, Seconds yes_ago) {
  return {Verdict::deliverable, 250, "2.1.5", "ok", now - asked_ago, now - yes_ago};
}

std::string describe(const Standing& s) {
  return std::string(to_string(s.remembered)) + (s.serve ? " serve" : "") + (s.refresh ? " refresh" : "");
}

struct Case {
  const char* name;
  AddressRecord record;
  const char* want;
};

TEST(Standing, OfAYesAndANoOverTime) {
  const std::vector<Case> cases = {
      {"fresh yes", yes(0s, 0s), "yes serve"},
      {"yes up to its refresh time", yes(days(7), days(7)), "yes serve"},
      {"yes after its refresh time", yes(days(7) + 1s, days(7) + 1s), "yes serve refresh"},
      {"old yes that was asked in vain since", yes(1h, days(20)), "yes serve"},
      {"yes up to its expiry", yes(days(31), days(31)), "yes serve refresh"},
      {"expired yes", yes(days(31) + 1s, days(31) + 1s), "nothing"},
      {"yes that never was", {Verdict::deliverable, 250, "", "", now, {}}, "nothing"},
      {"fresh no", no(0s), "no"},
      {"no up to its refresh time", no(3h), "no"},
      {"no after its refresh time", no(3h + 1s), "no refresh"},
      {"no up to its expiry", no(days(3)), "no refresh"},
      {"expired no", no(days(3) + 1s), "nothing"},
      {"no after an earlier yes is a no", {Verdict::undeliverable, 550, "", "", now, now - 1h}, "no"},
      {"yes from the future counts as just now", yes(-days(400), -days(400)), "yes serve"},
      {"no from the future counts as just now", no(-days(400)), "no"},
      {"no from the beginning of time",
       {Verdict::undeliverable, 550, "", "", WallTime::min(), {}},
       "nothing"},
      {"no from the end of time", {Verdict::undeliverable, 550, "", "", WallTime::max(), {}}, "no"},
  };
  for (const auto& c : cases) EXPECT_EQ(describe(standing(c.record, now, settings())), c.want) << c.name;
}

TEST(Standing, OfANoIsServedOnlyWithANegativeCache) {
  auto with_cache = settings();
  with_cache.address_verify_negative_cache = true;
  EXPECT_EQ(describe(standing(no(1h), now, with_cache)), "no serve");
  EXPECT_EQ(describe(standing(no(4h), now, with_cache)), "no serve refresh");
  EXPECT_EQ(describe(standing(no(days(4)), now, with_cache)), "nothing");
}

TEST(Standing, OfANoFromHearsayIsNeverAnAnswer) {
  auto with_cache = settings();
  with_cache.address_verify_negative_cache = true;
  auto record = no(1h);
  record.hearsay = true;
  EXPECT_EQ(describe(standing(record, now, with_cache)), "no");
}

TEST(Standing, OfAnUnknownIsNothing) {
  for (auto verdict :
       {Verdict::deferred, Verdict::refused, Verdict::unavailable, Verdict::misrouted, Verdict::late}) {
    EXPECT_EQ(describe(standing({verdict, 450, "", "", now, now}, now, settings())), "nothing")
        << to_string(verdict);
  }
}

TEST(Standing, TakesTimesBeyondAllMeasure) {
  auto endless = settings();
  endless.address_verify_positive_expire_time = Seconds::max();
  endless.address_verify_negative_expire_time = Seconds::max();
  EXPECT_EQ(describe(standing(yes(days(10000), days(10000)), now, endless)), "yes serve refresh");
  EXPECT_EQ(describe(standing(no(days(10000)), now, endless)), "no refresh");
}

TEST(Outdates, WhatIsToldTakesThePlaceOfWhatIsKnownWhenItIsNewer) {
  const auto told = [](AddressRecord no) {
    no.hearsay = true;
    return no;
  };
  const struct {
    const char* name;
    AddressRecord told, known;
    bool want;
  } table[] = {
      {"a newer yes, a yes", yes(1h, 1h), yes(2h, 2h), true},
      {"the same yes", yes(1h, 1h), yes(1h, 1h), false},
      {"an older yes, a yes", yes(2h, 2h), yes(1h, 1h), false},
      {"a newer yes, a no", yes(1h, 1h), no(2h), true},
      {"a newer yes, hearsay", yes(1h, 1h), told(no(2h)), true},
      {"an older yes, hearsay", yes(3h, 3h), told(no(2h)), false},
      {"a newer no, a yes", no(1h), yes(2h, 2h), true},
      {"newer hearsay, a yes", told(no(1h)), yes(2h, 2h), false},
      {"newer hearsay, a no", told(no(1h)), no(2h), false},
      {"newer hearsay, hearsay", told(no(1h)), told(no(2h)), true},
  };
  for (const auto& [name, it, known, want] : table) EXPECT_EQ(outdates(it, known), want) << name;
}

TEST(SoundRecord, HasPrintableWordsAndWholeSeconds) {
  auto record = no(0s);
  record.words = "no\r\nsuch \xfc" + std::string(1000, 'x');
  record.asked += 700ms;
  const auto clean = sound(record);
  ASSERT_TRUE(clean);
  EXPECT_TRUE(clean->words.starts_with("no??such ?xxx"));
  EXPECT_EQ(clean->words.size(), 500u);
  EXPECT_EQ(clean->asked, now);
  EXPECT_EQ(*sound(*clean), *clean);
}

TEST(SoundRecord, IsHearsayOnlyWhenItIsANo) {
  auto record = no(0s);
  record.hearsay = true;
  EXPECT_TRUE(sound(record)->hearsay);
  record = yes(0s, 0s);
  record.hearsay = true;
  EXPECT_FALSE(sound(record)->hearsay);
}

TEST(SoundRecord, IsNoneWithAnUnknownVerdictOrImpossibleNumbers) {
  EXPECT_FALSE(sound({Verdict::deferred, 450, "", "", now, {}}));
  EXPECT_FALSE(sound({static_cast<Verdict>(77), 250, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::deliverable, 1, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::deliverable, 550, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::undeliverable, 250, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::undeliverable, 0, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::undeliverable, 450, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::deliverable, 600, "", "", now, now}));
  EXPECT_FALSE(sound({Verdict::deliverable, 250, "", "", WallTime(-1s), now}));
  EXPECT_TRUE(sound({Verdict::deliverable, 0, "", "", now, now}));
}

}  // namespace
}  // namespace fallbackmx
