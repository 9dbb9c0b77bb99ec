#include "milter/setup/start_up.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe/base/file_descriptor.h"
#include "test/fake/temporary_directory.h"

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

TEST(StartUp, ASyslogThatNobodyReadsIsNamed) {
  const TemporaryDirectory directory;
  EXPECT_EQ(why_no_syslog(directory / "log"), directory / "log: No such file or directory");
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    const std::string path = directory / std::to_string(type);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    {
      const FileDescriptor reader(socket(AF_UNIX, type, 0));
      ASSERT_EQ(bind(reader.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
      if (type == SOCK_STREAM) {
        ASSERT_EQ(listen(reader.get(), 1), 0);
      }
      EXPECT_EQ(why_no_syslog(path), "");
    }
    EXPECT_EQ(why_no_syslog(path), path + ": Connection refused") << "its reader has died";
  }
}

TEST(StartUp, ProbesComeFromTheAddressesThatAreSet) {
  Settings settings = default_settings();
  EXPECT_TRUE(bind_addresses(settings).v4.address.is_unspecified());
  EXPECT_TRUE(bind_addresses(settings).v6.address.is_unspecified());
  settings.smtp_bind_address = "192.0.2.1";
  settings.smtp_bind_address6 = "[2001:db8::1]";
  EXPECT_EQ(bind_addresses(settings).v4.address.to_string(), "192.0.2.1");
  EXPECT_EQ(bind_addresses(settings).v6.address.to_string(), "2001:db8::1");
  settings.smtp_bind_address6 = "2001:db8::2";
  EXPECT_EQ(bind_addresses(settings).v6.address.to_string(), "2001:db8::2");
}

TEST(StartUp, OneInterfaceAloneIsWhereProbesComeFromAsInPostfix) {
  Settings settings = default_settings();
  const auto from = [&](Words interfaces) {
    settings.inet_interfaces = std::move(interfaces);
    const BindAddresses bind = bind_addresses(settings);
    return bind.v4.address.to_string() + " " + bind.v6.address.to_string();
  };
  EXPECT_EQ(from({"all"}), "0.0.0.0 ::");
  EXPECT_EQ(from({"192.0.2.1"}), "192.0.2.1 ::");
  EXPECT_EQ(from({"192.0.2.1", "[2001:db8::1]"}), "192.0.2.1 2001:db8::1");
  EXPECT_EQ(from({"192.0.2.1", "127.0.0.1"}), "0.0.0.0 ::") << "several";
  EXPECT_EQ(from({"192.0.2.1", "mx.example.org"}), "0.0.0.0 ::") << "a name may be another";
  EXPECT_EQ(from({"127.0.0.1", "::1"}), "0.0.0.0 ::") << "nobody is reached from the loopback";
  EXPECT_EQ(from({"192.0.2.1", "192.0.2.2", "2001:db8::1"}), "0.0.0.0 2001:db8::1");
  settings.smtp_bind_address = "[192.0.2.7]";
  settings.smtp_bind_address_enforce = true;
  EXPECT_EQ(from({"192.0.2.1", "2001:db8::1"}), "192.0.2.7 2001:db8::1");
  EXPECT_TRUE(bind_addresses(settings).v4.enforce);
  EXPECT_FALSE(bind_addresses(settings).v6.enforce) << "nobody asked for it by name";
}

TEST(StartUp, AnAddressThatThisMachineDoesNotHaveIsSaid) {
  Settings settings = default_settings();
  EXPECT_TRUE(bind_troubles(settings).empty());
  settings.smtp_bind_address = "127.0.0.1";
  EXPECT_TRUE(bind_troubles(settings).empty());
  settings.smtp_bind_address = "192.0.2.77";
  ASSERT_EQ(bind_troubles(settings).size(), 1u);
  EXPECT_EQ(bind_troubles(settings)[0],
            "smtp_bind_address = 192.0.2.77: Cannot assign requested address; probes "
            "come from another address of this machine");
  settings.smtp_bind_address_enforce = true;
  EXPECT_EQ(
      bind_troubles(settings)[0],
      "smtp_bind_address = 192.0.2.77: Cannot assign requested address; no primary is asked from another "
      "address (smtp_bind_address_enforce = yes)");
  settings.inet_protocols = {"ipv6"};
  EXPECT_TRUE(bind_troubles(settings).empty()) << "nobody needs it";
}

}  // namespace
}  // namespace fallbackmx
