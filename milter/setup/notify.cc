#include "milter/setup/notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace fallbackmx {

namespace {

/// One for the process's life: when descriptors have run out the service manager must hear that we live, or
/// it restarts us.
int kept_socket() noexcept {
  static std::atomic<int> kept{-1};
  if (kept >= 0) return kept;
  const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  const timeval patience{.tv_sec = 1, .tv_usec = 0};  // one that does not read must not stop us
  setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  int none = -1;
  if (!kept.compare_exchange_strong(none, made)) close(made);
  return kept;
}

}  // namespace

void notify(std::string_view state) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof to.sun_path)
    return;
  to.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  std::memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = '\0';  // the abstract name space
  // A start that the manager does not hear of is taken for one that failed, so each step is worth a second
  // try.
  const int first = kept_socket(), descriptor = first >= 0 ? first : kept_socket();
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const auto sent = [&] {
    return sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&to), size) >= 0;
  };
  // EAGAIN: it does not read, and has been waited for.
  for (int tries = 2; tries > 0 && !sent() && errno != EAGAIN;) {
    if (errno != EINTR) --tries;
  }
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
