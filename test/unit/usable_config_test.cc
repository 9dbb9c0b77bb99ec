#include "milter/usable_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(UsableConfig, NamesTheTlsFileThatCannotBeUsed) {
  const Config config =
      read_usable_config({"", {}, {"myhostname=mx.example.net", "smtp_tls_CAfile=/nonexistent.pem"}});
  EXPECT_FALSE(config.settings);
  EXPECT_THAT(config.errors, ElementsAre("smtp_tls_CAfile = /nonexistent.pem: No such file or directory"));
}

TEST(UsableConfig, IsTheConfigurationWhenNothingIsWrong) {
  const Config config = read_usable_config({"", {}, {"myhostname=mx.example.net"}});
  EXPECT_TRUE(config.settings);
  EXPECT_THAT(config.errors, ElementsAre());
}

}  // namespace
}  // namespace fallbackmx
