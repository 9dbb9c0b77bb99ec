#include "conf/config.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(Config, WithoutFileItIsTheDefaults) {
  const auto config = read_config({});
  ASSERT_TRUE(config.settings) << (config.errors.empty() ? "" : config.errors[0]);
  EXPECT_TRUE(config.warnings.empty()) << config.warnings[0];
  EXPECT_EQ(config.settings->answer_timeout, Seconds(8));
  EXPECT_FALSE(config.settings->smtp_helo_name.empty());
}

}  // namespace
}  // namespace fallbackmx
