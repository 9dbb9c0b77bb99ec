#include "milter/start_up.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe/file_descriptor.h"
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
