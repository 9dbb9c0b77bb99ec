#include "milter/control/verdicts_operation.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

class VerdictsOperation : public ::testing::Test {
 protected:
  VerdictsOperation() {
    for (int i = 1; i <= 5; ++i) {
      AnsweredRecipient answer;
      answer.at = WallTime(std::chrono::seconds(1'800'000'000 + i));
      answer.recipient = (i == 3 ? "other@example.net" : "user@example.org");
      answer.action = "reject";
      answer.verdict = Verdict::undeliverable;
      answer.source = Source::probe;
      answer.code = 550;
      answer.reply = "no such user, " + std::to_string(i);
      answer.delay = std::chrono::milliseconds(132);
      recent_.add(answer, SteadyTime());
    }
  }

  ControlReply page(Json arguments) {
    return verdicts_operation({.verb = Verb::verdicts, .arguments = std::move(arguments)}, recent_);
  }

  RecentVerdicts recent_;
};

TEST_F(VerdictsOperation, TheNewestComeFirstPageByPage) {
  std::string all;
  Json arguments = {{"limit", 2}};
  for (;;) {
    const auto reply = page(arguments);
    for (const auto& row : reply.result["verdicts"]) all += row["reply"].get<std::string>().back();
    if (!reply.result.contains("next")) break;
    arguments["after"] = reply.result["next"];
  }
  EXPECT_EQ(all, "54321");
}

TEST_F(VerdictsOperation, OneAddressOrOneDomainCanBeAskedFor) {
  EXPECT_EQ(page({{"address", "user@example.org"}}).result["verdicts"].size(), 4u);
  EXPECT_EQ(page({{"address", "example.net"}}).result["verdicts"].size(), 1u);
  EXPECT_EQ(page({{"address", "nobody@example.org"}}).result["verdicts"].size(), 0u);
}

TEST_F(VerdictsOperation, ARowHasTheTimeTheAnswerAndItsReason) {
  const Json row = page({{"limit", 1}}).result["verdicts"][0];
  EXPECT_EQ(row["at"], "2027-01-15T08:00:05Z");
  EXPECT_EQ(row["verdict"], "undeliverable");
  EXPECT_EQ(row["source"], "probe");
  EXPECT_EQ(row["code"], 550);
  EXPECT_EQ(row["seconds"], 0.132);
}

TEST_F(VerdictsOperation, APlaceThatIsNoneIsTheBeginning) {
  EXPECT_EQ(page({{"after", "yesterday"}}).result["verdicts"].size(), 5u);
}

}  // namespace
}  // namespace fallbackmx
