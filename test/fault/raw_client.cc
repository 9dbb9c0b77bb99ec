#include "test/fault/raw_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace fallbackmx {

namespace {

constexpr int patience_ms = 60'000;

template <class Name>
FileDescriptor connected(const Name& name, int family) {
  FileDescriptor made(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(made.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    return FileDescriptor();
  return made;
}

}  // namespace

FileDescriptor connected_to(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  return connected(name, AF_UNIX);
}

FileDescriptor connected_to(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  return connected(name, AF_INET);
}

FileDescriptor half_open(FileDescriptor to, std::string_view say) {
  send(to.get(), say.data(), say.size(), MSG_NOSIGNAL);
  return to;
}

std::string exchange(const FileDescriptor& with, std::string_view say, bool one_line) {
  if (with.get() < 0) return {};
  send(with.get(), say.data(), say.size(), MSG_NOSIGNAL);
  std::string all;
  for (char bytes[4096]; !one_line || all.find('\n') == std::string::npos;) {
    pollfd readable{.fd = with.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, patience_ms) <= 0) {
      ADD_FAILURE() << "no answer to " << say;
      break;
    }
    const auto got = recv(with.get(), bytes, sizeof bytes, 0);
    if (got <= 0) break;
    all.append(bytes, static_cast<std::size_t>(got));
  }
  return all;
}

}  // namespace fallbackmx
