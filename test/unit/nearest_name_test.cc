#include "conf/grammar/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace fallbackmx {
namespace {

TEST(NearestName, FindsWhatWasProbablyMeant) {
  constexpr std::array<std::string_view, 5> names = {"relay_domains", "reject", "defer", "resolver",
                                                     "smtp_rcpt_timeout"};
  struct {
    std::string written, want;
  } const cases[] = {
      {"relay_domains", "relay_domains"},
      {"relay_domain", "relay_domains"},
      {"rleay_domains", "relay_domains"},
      {"relaydomains", "relay_domains"},
      {"RELAY_DOMAINS", "relay_domains"},
      {"rejct", "reject"},
      {"resolvers", "resolver"},
      {"smtp_rctp_timeuot", "smtp_rcpt_timeout"},
      {"wibble", ""},
      {"", ""},
      {"x", ""},
      {"relay_transport", ""},
      {std::string(5000, 'r'), ""},
  };
  for (const auto& [written, want] : cases) EXPECT_EQ(nearest_name(written, names), want) << written;
}

}  // namespace
}  // namespace fallbackmx
