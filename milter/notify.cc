#include "milter/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace fallbackmx {

void notify(std::string_view state) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof to.sun_path)
    return;
  to.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  std::memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = '\0';  // the abstract name space
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  close(descriptor);
}

void notify_reloading() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  char text[64];
  const int length = std::snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                                   static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
  notify({text, static_cast<std::size_t>(length)});
}

void notify_alive() noexcept {
  if (std::getenv("WATCHDOG_USEC") != nullptr) notify("WATCHDOG=1");
}

}  // namespace fallbackmx
