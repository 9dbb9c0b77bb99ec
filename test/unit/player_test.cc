#include "test/scenario/player.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

// A test that cannot fail tests nothing: each of these scenarios is wrong in one thing, which the player must
// find.
std::vector<Disappointment> played(const std::string& text) {
  const auto scenario = Scenario::parse("x.scn", R"(name x
zone example.org MX 10 mx1.example.org
zone mx1.example.org A 192.0.2.1
)" + text);
  EXPECT_TRUE(scenario) << scenario.error();
  const auto world = make_memory_world(scenario->round_trip);
  return play(*scenario, *world);
}

auto tells(const std::string& text) { return Contains(Field(&Disappointment::text, HasSubstr(text))); }

TEST(Player, IsContentWithWhatIsRight) {
  EXPECT_THAT(played("server mx1.example.org\nat 0s rcpt a@example.org -> continue source probe\n"),
              IsEmpty());
}

TEST(Player, FindsWhatIsWrong) {
  const std::string server = "server mx1.example.org\n  RCPT TO:<no@*>   550 5.1.1 no such user\n";
  struct {
    std::string text, want;
  } const cases[] = {
      {"at 0s rcpt no@example.org -> continue\n", "the reply is 550 5.1.1, wanted continue"},
      {"at 0s rcpt no@example.org -> 550 5.7.1\n", "the reply is 550 5.1.1, wanted 550 5.7.1"},
      {"at 0s rcpt a@example.org -> 550 5.1.1\n", "the reply is continue, wanted 550 5.1.1"},
      {"at 0s rcpt a@example.org -> continue source memory\n", "source is probe, wanted memory"},
      {"at 0s rcpt a@example.org -> continue within 5ms\n", "wanted at most 0.005 s"},
      {"at 0s rcpt a@example.org -> continue least 1s\n", "wanted at least 1 s"},
      {"at 0s rcpt a@example.org -> continue unverified\n", "unverified is no, wanted yes"},
      {"at 0s rcpt a@example.org -> continue connections mx1 = 2\n", "connections mx1 is 1, wanted = 2"},
      {"at 1s expect log nothing >= 1\n", "log nothing is 0, wanted >= 1"},
      {"at 1s server mx9 refuse\n", "there is no server mx9"},
      {"at 1s server mx1 MAIL *   explode\n", "neither a reply nor an action: 'explode'"},
      {"set no_such_thing = 1\nat 1s expect log x = 0\n", "no_such_thing"},
      {"at 1s zone example.org WHAT 1\n", "WHAT"},
      {"zone stray.example A 192.0.2.9\nat 0s rcpt a@example.org hop [stray.example] -> continue\n",
       "connected to stray.example[192.0.2.9]:25, where no server is"},
  };
  for (const auto& c : cases) EXPECT_THAT(played(server + c.text), tells(c.want)) << c.text;
}

TEST(Player, TellsTheStoryOfWhatWentWrong) {
  const auto found = played("server mx1.example.org\nat 0s rcpt a@example.org -> 550 5.1.1\n");
  EXPECT_THAT(found, tells("C: RCPT TO:<a@example.org>"));
  EXPECT_THAT(found, Contains(Field(&Disappointment::line, 5)));
}

}  // namespace
}  // namespace fallbackmx
