#include "conf/postfix_client.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/parameters.h"

namespace fallbackmx {
namespace {

#define NAME(name) #name,
const std::string_view all_of_postfix[] = {
#include "conf/grammar/postfix_parameters.def"
};
#undef NAME

#define WHY(name, why) #name,
const std::string_view with_a_reason[] = {
#include "conf/grammar/postfix_client_parameters.def"
};
#undef WHY

bool is_about_the_client(std::string_view name) {
  for (const std::string_view family : {"smtp_", "lmtp_", "inet_"}) {
    if (name.starts_with(family)) return true;
  }
  return name == "ignore_mx_lookup_error" || name == "disable_dns_lookups" || name == "proxy_interfaces";
}

TEST(PostfixClient, EachParameterOfItsSmtpClientIsHonouredOrHasAReason) {
  for (const auto name : all_of_postfix) {
    if (!is_about_the_client(name) || find_parameter(name) != nullptr) continue;
    EXPECT_NE(client_parameter_reason(name), "") << name;
  }
}

TEST(PostfixClient, NoReasonIsStale) {
  for (const auto name : with_a_reason) {
    EXPECT_EQ(find_parameter(name), nullptr) << name << " is ours now";
    if (!name.ends_with('*')) continue;
    const auto family = name.substr(0, name.size() - 1);
    for (const auto each : all_of_postfix) {
      if (!each.starts_with(family)) continue;
      EXPECT_EQ(find_parameter(each), nullptr) << each << " is ours now: " << name;
    }
  }
}

TEST(PostfixClient, AReasonNamesTheWayOut) {
  struct Row {
    const char *name, *want;
  };
  const Row table[] = {
      {"smtp_use_tls", "write smtp_tls_security_level = may"},
      {"lmtp_use_tls", "write smtp_tls_security_level = may"},
      {"lmtp_rcpt_timeout", "next hops that are asked by LMTP go by smtp_rcpt_timeout"},
      {"lmtp_discard_lhlo_keywords", "write smtp_discard_ehlo_keywords"},
      {"disable_dns_lookups", "write smtp_dns_support_level = disabled"},
      {"smtp_sasl_auth_enable",
       "probes do not log in; a primary that demands it refuses them, and its recipients cannot be verified"},
      {"smtp_sasl_auth_enabled", ""},
      {"queue_directory", ""},
  };
  for (const auto& [name, want] : table) EXPECT_EQ(client_parameter_reason(name), want) << name;
}

}  // namespace
}  // namespace fallbackmx
