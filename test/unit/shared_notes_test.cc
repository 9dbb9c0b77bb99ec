#include "probe/store/shared_notes.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

const std::string mx = "192.0.2.1:25";

class SharedNotesTest : public testing::Test {
 protected:
  using Texts = std::vector<std::optional<std::string>>;
  /// As whoever talks to Redis does it.
  void read(const std::optional<std::string>& up, const std::optional<std::string>& down) {
    notes.read({"up:" + mx, "down:" + mx}, Texts{up, down}, now);
  }
  std::string heard() {
    const auto word = notes.heard(mx, now);
    return word ? (word->up ? "up, " : "down, ") + word->words : "nothing";
  }

  SharedNotes notes{"fallback1.example.org"};
  SteadyTime now{1000h};
};

TEST_F(SharedNotesTest, AServersWordIsSaidWithWhoSaysIt) {
  notes.tell(mx, {false, "connection timed out"}, 30s, now);
  EXPECT_EQ(
      notes.take(),
      (std::vector<SharedNotes::Note>{{"down:" + mx, "fallback1.example.org: connection timed out", 30s}}));
  EXPECT_TRUE(notes.take().empty());
}

TEST_F(SharedNotesTest, TheSameIsNotSaidTwiceWithinHalfItsLifetime) {
  notes.tell(mx, {.up = true}, 30s, now);
  notes.take();
  notes.tell(mx, {.up = true}, 30s, now + 14s);
  EXPECT_TRUE(notes.take().empty());
  notes.tell(mx, {.up = true}, 30s, now + 15s);
  EXPECT_EQ(notes.take().size(), 2U);
}

TEST_F(SharedNotesTest, WhoeverReachesAServerTakesDownWhatWasSaidAgainstIt) {
  notes.tell(mx, {false, "refused"}, 600s, now);
  notes.tell(mx, {.up = true}, 30s, now);
  EXPECT_EQ(notes.take(), (std::vector<SharedNotes::Note>{{"down:" + mx, "", 0s},
                                                          {"up:" + mx, "fallback1.example.org", 30s}}));
  notes.tell(mx, {false, "refused"}, 600s, now + 1s);
  EXPECT_EQ(notes.take().size(), 1U) << "and it may be said again at once";
}

TEST_F(SharedNotesTest, AGoodRecipientOfADomainIsSaidOnceAMinute) {
  notes.tell_good("example.org", "a@example.org", 1000s, now);
  notes.tell_good("example.org", "b@example.org", 1000s, now + 59s);
  EXPECT_EQ(notes.take(), (std::vector<SharedNotes::Note>{{"good:example.org", "a@example.org", 1000s}}));
  notes.tell_good("example.org", "c@example.org", 1000s, now + 60s);
  EXPECT_EQ(notes.take(), (std::vector<SharedNotes::Note>{{"good:example.org", "c@example.org", 1000s}}));
}

TEST_F(SharedNotesTest, OnlyWhatSomebodyAskedAboutIsRead) {
  EXPECT_TRUE(notes.wanted().empty());
  read("somebody", {});
  EXPECT_EQ(heard(), "nothing");
  EXPECT_EQ(notes.wanted(), (std::vector<std::string>{"up:" + mx, "down:" + mx}));
}

TEST_F(SharedNotesTest, WhatAnybodyReachesIsUpWhoeverCannotReachIt) {
  const struct {
    const char* name;
    std::optional<std::string> up, down;
    const char* want;
  } table[] = {
      {"nobody says a word", {}, {}, "nothing"}, {"one says down", {}, "a: refused", "down, a: refused"},
      {"one says up", "b", {}, "up, b"},         {"they do not agree", "b", "a: refused", "up, b"},
      {"no words", "", "", "nothing"},           {"rubbish", {}, "a\r\n\x1b[2J", "down, a???[2J"},
  };
  heard();
  for (const auto& [name, up, down, want] : table) {
    read(up, down);
    EXPECT_EQ(heard(), want) << name;
  }
  read({}, std::string(100'000, 'x'));
  EXPECT_EQ(heard().size(), 306U);
}

TEST_F(SharedNotesTest, WhatWasReadTooLongAgoIsNothing) {
  heard();
  read({}, "a: refused");
  now += 5s;
  EXPECT_EQ(heard(), "down, a: refused");
  now += 1s;
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(SharedNotesTest, AnAnswerThatIsTooShortHarmsNobody) {
  heard();
  notes.read({"up:" + mx, "down:" + mx}, Texts{}, now);
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(SharedNotesTest, RoomIsBounded) {
  for (int i = 0; i < 11'000; ++i) {
    const std::string name = "n" + std::to_string(i);
    notes.tell_good(name, "u@" + name, 1s, now);
    notes.heard(name, now + std::chrono::milliseconds(i));
  }
  EXPECT_EQ(notes.take().size(), SharedNotes::most_waiting);
  const auto wanted = notes.wanted();
  EXPECT_EQ(wanted.size(), 2 * SharedNotes::most_servers);
  EXPECT_NE(std::find(wanted.begin(), wanted.end(), "up:n10999"), wanted.end());
}

}  // namespace
}  // namespace fallbackmx
