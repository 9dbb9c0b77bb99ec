#include "milter/pages/status_page.h"

#include <gmock/gmock.h>

#include "milter/pages/html.h"
#include "milter/pages/mix_picture.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const WallTime noon{std::chrono::sys_days{std::chrono::November / 22 / 2026} + 12h};

StatusFacts facts() {
  StatusFacts all{
      .version = "0.1.0", .host = "fallback.example.net", .now = noon, .started = noon - 26h, .ready = true};
  all.primaries = {{.server = "mx1.example.org[192.0.2.1]:25",
                    .next_hop = "example.org",
                    .since = noon - 3h,
                    .sessions = 2,
                    .round_trip = 12ms,
                    .tls = "dane",
                    .last_reply = noon - 5s,
                    .last_yes = noon - 5s}};
  return all;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(Html, NothingOfAStrangersIsMarkup) {
  EXPECT_EQ(html("<b>\"a\" & 'b'</b>"), "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;");
  EXPECT_EQ(html("a\r\n\x1b[31m\xff"), "a\\x0d\\x0a\\x1b[31m\\xff");
  EXPECT_EQ(html("abcdef", 3), "abc&hellip;");
}

TEST(Html, SpansAreShort) {
  const struct {
    std::chrono::seconds span;
    const char* want;
  } cases[] = {{-5s, "now"}, {0s, "now"}, {99s, "99 s"}, {5min, "5 min"}, {26h, "26 h"}, {240h, "10 d"}};
  for (const auto& c : cases) EXPECT_EQ(short_span(c.span), c.want);
}

TEST(StatusPage, SaysHowThePrimariesAre) {
  StatusFacts all = facts();
  EXPECT_THAT(status_page(all), HasSubstr("<span class=\"pill good\">the primary is up</span>"));
  for (const char* words :
       {"<h3>mx1.example.org</h3>", "[192.0.2.1]:25 for example.org", "<dt>up for</dt><dd>3 h</dd>",
        "<dt>sessions</dt><dd>2</dd>", "<dt>answers in</dt><dd>12 ms</dd>", "<dt>TLS</dt><dd>dane</dd>",
        "said yes 5 s ago", "up for 26 h"})
    EXPECT_THAT(status_page(all), HasSubstr(words));
  PrimaryState& primary = all.primaries.front();
  primary.state = Health::State::down;
  primary.next_trial = noon + 20s;
  primary.last_trial = noon - 10s;
  primary.cost = {.unverified = 17, .longest_wait = 5s};
  primary.trouble = "mx1: connection refused";
  for (const char* words :
       {"1 primary server down", "<span class=\"pill bad\">down</span>", "<dt>down for</dt><dd>3 h</dd>",
        "in 20 s", "10 s ago", "<dd>17</dd>", "<dd>5.0 s</dd>", "mx1: connection refused"})
    EXPECT_THAT(status_page(all), HasSubstr(words));
  primary.state = Health::State::up;
  primary.alarm = "mx1 said 554 5.7.1 you are on a list";
  for (const char* words :
       {"a primary refuses us", "<span class=\"pill bad\">refuses us</span>", "on a list"})
    EXPECT_THAT(status_page(all), HasSubstr(words));
}

TEST(StatusPage, WhatNeedsAttentionComesFirst) {
  StatusFacts all = facts();
  all.primaries.push_back({.server = "mx9.example.org[192.0.2.9]:25", .state = Health::State::down});
  const std::string page = status_page(all);
  EXPECT_LT(page.find("mx9.example.org"), page.find("mx1.example.org"));
}

TEST(StatusPage, SaysThatAConfigurationWasWrong) {
  StatusFacts all = facts();
  EXPECT_THAT(status_page(all), Not(HasSubstr("was not reloaded")));
  all.configuration = {.good = false, .errors = {"milter.conf:12: no such parameter: <frob>"}};
  EXPECT_THAT(status_page(all), HasSubstr("was not reloaded"));
  EXPECT_THAT(status_page(all), HasSubstr("milter.conf:12: no such parameter: &lt;frob&gt;"));
}

TEST(StatusPage, TellsOfAFileThatWasSetAsideAndOfLogOnly) {
  StatusFacts all = facts();
  EXPECT_THAT(status_page(all), Not(HasSubstr("class=\"notice")));
  all.files_set_aside = 1;
  all.log_only = true;
  EXPECT_THAT(status_page(all), HasSubstr("was set aside"));
  EXPECT_THAT(status_page(all), HasSubstr("mode = log-only"));
}

TEST(StatusPage, NoWordOfAStrangersIsMarkup) {
  const std::string evil = "</td><script>alert(1)</script>\"'\x01";
  StatusFacts all = facts();
  all.host = all.store = all.configuration.file = evil;
  PrimaryState& primary = all.primaries.front();
  primary.server = primary.next_hop = primary.alarm = evil;
  primary.accepts_everything = {evil};
  AnsweredRecipient answer;
  answer.verdict = Verdict::undeliverable;
  answer.code = 550;
  answer.recipient = answer.sender = answer.primary = answer.dsn = answer.reply = evil;
  all.latest.push_back({1, answer});
  const std::string page = status_page(all);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
}

TEST(StatusPage, NeedsNothingFromElsewhereAndNoScript) {
  const std::string page = status_page(facts());
  for (const char* word : {"<script", "http:", "https:", "//", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(word))) << word;
  EXPECT_THAT(page, HasSubstr("http-equiv=\"refresh\""));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("width=device-width"));
}

TEST(MixPicture, EachMinuteHasABarOfItsColours) {
  RecentVerdicts::Hour hour{};
  hour[59] = {.accepted = 3, .undeliverable = 1};
  hour[44] = {.deferred = 5};
  const std::string picture = mix_picture(hour, noon);
  EXPECT_EQ(count(picture, "<g>"), 2u);
  EXPECT_EQ(count(picture, "<rect class=\"accepted\""), 1u);
  EXPECT_EQ(count(picture, "<rect"), 3u);
  EXPECT_THAT(picture,
              HasSubstr("3 accepted, known to the primary; 1 rejected, unknown to the primary</title>"));
  EXPECT_THAT(picture, HasSubstr("aria-label=\"9 recipients in the last hour"));
}

TEST(MixPicture, TheScaleIsRound) {
  const struct {
    std::uint32_t highest;
    const char* want;
  } cases[] = {{0, ">2<"},   {2, ">2<"},  {3, ">4<"},   {5, ">10<"},
               {25, ">40<"}, {6, ">10<"}, {11, ">20<"}, {1700, ">2000<"}};
  for (const auto& c : cases) {
    RecentVerdicts::Hour hour{};
    hour[0].accepted = c.highest;
    EXPECT_THAT(mix_picture(hour, noon), HasSubstr(c.want)) << c.highest;
  }
}

}  // namespace
}  // namespace fallbackmx
