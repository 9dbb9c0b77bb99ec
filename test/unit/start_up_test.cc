#include "milter/start_up.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(StartUp, AChangeThatARunningDaemonCannotFollowIsNamed) {
  const Settings now = default_settings();
  EXPECT_TRUE(need_restart(now, now).empty());
  Settings next = now;
  next.answer_timeout += std::chrono::seconds(1);
  next.soft_bounce = true;
  EXPECT_TRUE(need_restart(now, next).empty());
  next.milter_socket = "/elsewhere";
  next.address_verify_map = "memory:";
  next.syslog_name = "other";
  EXPECT_EQ(need_restart(now, next),
            (std::vector<std::string>{"milter_socket", "address_verify_map", "syslog_name"}));
}

TEST(StartUp, WhatGoesToASharedMemoryIsReadOnceWhereThereIsOne) {
  Settings now = default_settings();
  Settings next = now;
  next.smtp_helo_name = "other.example";
  next.address_verify_positive_expire_time += std::chrono::hours(1);
  EXPECT_TRUE(need_restart(now, next).empty());
  now.shared_verify_map = next.shared_verify_map = "redis:127.0.0.1:6379";
  EXPECT_EQ(need_restart(now, next),
            (std::vector<std::string>{"address_verify_positive_expire_time", "smtp_helo_name"}));
}

TEST(StartUp, ProbesComeFromTheAddressesThatAreSet) {
  Settings settings = default_settings();
  EXPECT_TRUE(bind_addresses(settings).v4.is_unspecified());
  EXPECT_TRUE(bind_addresses(settings).v6.is_unspecified());
  settings.smtp_bind_address = "192.0.2.1";
  settings.smtp_bind_address6 = "[2001:db8::1]";
  EXPECT_EQ(bind_addresses(settings).v4.to_string(), "192.0.2.1");
  EXPECT_EQ(bind_addresses(settings).v6.to_string(), "2001:db8::1");
  settings.smtp_bind_address6 = "2001:db8::2";
  EXPECT_EQ(bind_addresses(settings).v6.to_string(), "2001:db8::2");
}

}  // namespace
}  // namespace fallbackmx
