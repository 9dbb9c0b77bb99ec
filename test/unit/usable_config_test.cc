#include "milter/setup/usable_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

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

TEST(UsableConfig, NamesTheNextHopThatIsNone) {
  const TemporaryFile policies("a.example next_hop=[192.0.2.1]:25\nb.example next_hop=[mx.example\n"),
      transports("c.example smtp:[mx.c.example]:2525\nd.example smtp:mx..example\ne.example relay:\n");
  const TemporaryFile file(
      "myhostname = mx.example.net\nrecipient_policy_maps = texthash:" + policies.path() +
      "\naddress_verify_transport_maps = hash:" + transports.path() + "\n");
  const Config config = read_usable_config({file.path(), {}, {}});
  EXPECT_FALSE(config.settings);
  EXPECT_THAT(config.errors,
              ElementsAre(HasSubstr("recipient_policy_maps: " + policies.path() + ":2: "),
                          HasSubstr("address_verify_transport_maps: " + transports.path() + ":2: ")));
}

}  // namespace
}  // namespace fallbackmx
