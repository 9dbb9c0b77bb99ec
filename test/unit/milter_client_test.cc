#include "test/fake/milter_client.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(MilterAnswer, IsToldInAWordOrByItsReply) {
  struct Row {
    MilterAnswer answer;
    std::string want;
  };
  const Row rows[] = {
      {{'c'}, "continue"}, {{'y', "550 5.1.1 no"}, "550 5.1.1 no"},
      {{'-'}, "silence"},  {{'!'}, "end"},
      {{'t'}, "t"},        {{'r'}, "r"},
  };
  for (const auto& row : rows) EXPECT_EQ(row.answer.told(), row.want);
}

}  // namespace
}  // namespace fallbackmx
