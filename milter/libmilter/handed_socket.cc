#include "milter/libmilter/handed_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace fallbackmx {

namespace {

constexpr int first_handed = 3;  // SD_LISTEN_FDS_START

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

/// Of a socket option that is a number; -1 when this is no socket.
int option_of(int descriptor, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<std::optional<MilterSocket>> handed_socket() {
  const std::string count = take_from_environment("LISTEN_FDS"), whose = take_from_environment("LISTEN_PID");
  unsetenv("LISTEN_FDNAMES");
  if (count.empty() || whose != std::to_string(getpid())) return std::optional<MilterSocket>();
  if (count != "1")
    return Error{"the service manager hands over " + count +
                 " sockets, and a milter has one: see the socket unit"};
  if (option_of(first_handed, SO_ACCEPTCONN) != 1 || option_of(first_handed, SO_TYPE) != SOCK_STREAM)
    return Error{
        "what the service manager hands over is no stream socket that listens: see ListenStream= in the "
        "socket unit"};
  fcntl(first_handed, F_SETFD, FD_CLOEXEC);
  // A unix-domain socket tells its clients whose it is: of who called listen() last. It is ours now.
  if (option_of(first_handed, SO_DOMAIN) == AF_UNIX) listen(first_handed, SOMAXCONN);
  return std::optional(MilterSocket{.kind = MilterSocket::Kind::descriptor, .descriptor = first_handed});
}

}  // namespace fallbackmx
