#include "milter/setup/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

namespace fallbackmx {
namespace {

/// A service manager on a socket of the abstract name space.
class Manager {
 public:
  Manager() : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    const std::string name = "fallbackmx-test-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~Manager() {
    unsetenv("NOTIFY_SOCKET");
    close(descriptor_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string heard() {
    char text[256];
    const auto size = recv(descriptor_, text, sizeof text, 0);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int descriptor_;
};

TEST(Notify, TellsTheServiceManager) {
  Manager manager;
  notify("READY=1");
  EXPECT_EQ(manager.heard(), "READY=1");
  notify_reloading();
  const std::string reloading = manager.heard();
  EXPECT_EQ(reloading.substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=") << reloading;
}

TEST(Notify, IsSilentWithoutAServiceManager) {
  for (const char* nobody : {"/nonexistent/notify", "relative", "", "@nobody-is-here"}) {
    setenv("NOTIFY_SOCKET", nobody, 1);
    notify("READY=1");
  }
  unsetenv("NOTIFY_SOCKET");
  notify("READY=1");
}

}  // namespace
}  // namespace fallbackmx
