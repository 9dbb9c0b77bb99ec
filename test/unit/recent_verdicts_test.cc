#include "milter/session/recent_verdicts.h"

#include <gtest/gtest.h>

#include <string>

#include "test/unit/steady_start.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

AnsweredRecipient refused(std::string recipient) {
  AnsweredRecipient answer;
  answer.recipient = std::move(recipient);
  answer.action = "reject";
  answer.verdict = Verdict::undeliverable;
  return answer;
}

std::string recipients(const std::vector<RecentVerdicts::Entry>& entries) {
  std::string all;
  for (const auto& entry : entries) all += (all.empty() ? "" : " ") + entry.answer.recipient;
  return all;
}

TEST(RecentVerdicts, TheLatestComeFirst) {
  RecentVerdicts recent;
  for (const char* name : {"a@example.org", "b@example.org", "c@example.org"})
    recent.add(refused(name), steady_start);
  EXPECT_EQ(recipients(recent.latest(10)), "c@example.org b@example.org a@example.org");
  EXPECT_EQ(recipients(recent.latest(2)), "c@example.org b@example.org");
}

TEST(RecentVerdicts, OneCanAskForAnAddressOrADomain) {
  RecentVerdicts recent;
  for (const char* name : {"a@example.org", "A@Example.ORG", "a@example.com", "a@sub.example.org"})
    recent.add(refused(name), steady_start);
  AnsweredRecipient alias = refused("alias@fallback.example");
  alias.resolved = "a@example.org";
  recent.add(alias, steady_start);
  const struct {
    const char *about, *want;
  } cases[] = {
      {"a@example.org", "alias@fallback.example A@Example.ORG a@example.org"},
      {"example.org", "alias@fallback.example A@Example.ORG a@example.org"},
      {"@EXAMPLE.com", "a@example.com"},
      {"b@example.org", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(recipients(recent.latest(10, c.about)), c.want) << c.about;
}

TEST(RecentVerdicts, PagesAreTurnedByNumber) {
  RecentVerdicts recent;
  for (int i = 1; i <= 5; ++i) recent.add(refused(std::to_string(i)), steady_start);
  const auto first = recent.latest(2);
  EXPECT_EQ(recipients(first), "5 4");
  recent.add(refused("6"), steady_start);  // what comes meanwhile moves nothing
  EXPECT_EQ(recipients(recent.latest(2, {}, first.back().number)), "3 2");
}

TEST(RecentVerdicts, AThousandAreKept) {
  RecentVerdicts recent;
  for (int i = 1; i <= 1500; ++i) recent.add(refused(std::to_string(i)), steady_start);
  const auto all = recent.latest(5000);
  ASSERT_EQ(all.size(), RecentVerdicts::most);
  EXPECT_EQ(all.front().answer.recipient, "1500");
  EXPECT_EQ(all.back().answer.recipient, "501");
}

TEST(RecentVerdicts, MailThatNobodyWasAskedAboutIsOnlyCounted) {
  RecentVerdicts recent;
  recent.add({}, steady_start);
  EXPECT_TRUE(recent.latest(10).empty());
  EXPECT_EQ(recent.last_hour(steady_start).back(), VerdictMix{.passed = 1});
}

TEST(RecentVerdicts, EachAnswerCountsOnceInItsColumn) {
  RecentVerdicts recent;
  AnsweredRecipient answer;
  answer.verdict = Verdict::deliverable;
  recent.add(answer, steady_start);
  answer.verdict = Verdict::unavailable;
  answer.unverified = true;
  recent.add(answer, steady_start);
  answer.unverified = false;
  answer.action = "defer";
  recent.add(answer, steady_start);
  recent.add(refused("a@example.org"), steady_start);
  AnsweredRecipient by_rule;
  by_rule.action = "reject";
  recent.add(by_rule, steady_start);
  EXPECT_EQ(recent.last_hour(steady_start).back(),
            (VerdictMix{.accepted = 1, .unverified = 1, .deferred = 1, .undeliverable = 1, .rejected = 1}));
}

TEST(RecentVerdicts, AMinuteIsForgottenAfterAnHour) {
  RecentVerdicts recent;
  recent.add(refused("a"), steady_start);
  recent.add(refused("b"), steady_start + 30min);
  const auto at = [&](std::chrono::minutes later) {
    std::string counts;
    const auto hour = recent.last_hour(steady_start + later);
    for (std::size_t i = 0; i < hour.size(); ++i) {
      if (hour[i].total() != 0) counts += std::to_string(i) + ":" + std::to_string(hour[i].total()) + " ";
    }
    return counts;
  };
  EXPECT_EQ(at(0min), "59:1 ");
  EXPECT_EQ(at(30min), "29:1 59:1 ");
  EXPECT_EQ(at(59min), "0:1 30:1 ");
  EXPECT_EQ(at(60min), "29:1 ");
  EXPECT_EQ(at(90min), "");
  recent.add(refused("c"), steady_start + 61min);  // takes the place of a's minute and of the one behind it
  EXPECT_EQ(at(61min), "28:1 59:1 ");
  recent.add(refused("d"), steady_start + 24h);
  EXPECT_EQ(at(24h), "59:1 ");
}

TEST(RecentVerdicts, TheFirstMinutesOfAMachineHaveNothingBeforeThem) {
  RecentVerdicts recent;
  const SteadyTime boot{};
  for (int i = 0; i <= 20; ++i) recent.add(refused("a"), boot + i * 1min);
  std::uint32_t total = 0;
  for (const auto& mix : recent.last_hour(boot + 20min)) total += mix.total();
  EXPECT_EQ(total, 21u);
}

}  // namespace
}  // namespace fallbackmx
