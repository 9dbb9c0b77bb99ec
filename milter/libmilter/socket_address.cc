#include "milter/libmilter/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "probe/mail/host_port.h"

namespace fallbackmx {

namespace {

using Kind = MilterSocket::Kind;

Result<SocketAddress> address_of_path(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  SocketAddress address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

/// Nothing can be connected to the unspecified address everywhere; loopback reaches a socket that listens
/// there.
SocketAddress to_loopback(SocketAddress address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (address.family() == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (address.family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
    v6->sin6_addr = in6addr_loopback;
  return address;
}

Result<SocketAddress> address_of_descriptor(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return Error{"fd:" + std::to_string(descriptor) + " is not an open socket: " + std::strerror(errno)};
  }
  return to_loopback(address);
}

Result<SocketAddress> address_of_host(const MilterSocket& socket) {
  addrinfo hints{};
  hints.ai_family = socket.kind == Kind::inet6 ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;  // without AI_PASSIVE and host: loopback
  const bool any = socket.host.empty() || socket.host == "0.0.0.0" || socket.host == "::";
  addrinfo* list = nullptr;
  const int error =
      getaddrinfo(any ? nullptr : socket.host.c_str(), std::to_string(socket.port).c_str(), &hints, &list);
  if (error != 0)
    return Error{"milter_socket: no address for host " + socket.host + ": " + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  SocketAddress address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

/// A connection that is on its way: whether it comes about; else errno says why not.
bool connects(int descriptor) {
  constexpr int patience_ms = 1000;
  pollfd on_its_way{descriptor, POLLOUT, 0};
  const int ready = poll(&on_its_way, 1, patience_ms);
  int error = ready == 0 ? ETIMEDOUT : errno;
  socklen_t size = sizeof error;
  if (ready == 1 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  errno = error;
  return error == 0;
}

}  // namespace

Result<SocketAddress> own_address(const MilterSocket& socket) {
  switch (socket.kind) {
    case Kind::path:
      return address_of_path(socket.path);
    case Kind::descriptor:
      return address_of_descriptor(socket.descriptor);
    case Kind::inet:
    case Kind::inet6:
      break;
  }
  return address_of_host(socket);
}

MilterSocket spelled_out(const MilterSocket& socket) {
  if (socket.kind != Kind::descriptor) return socket;
  const auto address = address_of_descriptor(socket.descriptor);
  if (!address) return socket;
  MilterSocket found;
  if (address->family() == AF_UNIX) {
    found.path = reinterpret_cast<const sockaddr_un*>(address->get())->sun_path;
    return found;
  }
  char host_text[NI_MAXHOST] = "", port_text[NI_MAXSERV] = "0";
  getnameinfo(address->get(), address->size, host_text, sizeof host_text, port_text, sizeof port_text,
              NI_NUMERICHOST | NI_NUMERICSERV);
  found.kind = address->family() == AF_INET6 ? Kind::inet6 : Kind::inet;
  found.host = host_text;
  found.port = parse_port(port_text).value_or(0);
  return found;
}

bool somebody_listens(const SocketAddress& address) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  // EAGAIN: the queue of a socket in the file system is full.
  bool connected = connect(descriptor, address.get(), address.size) == 0 || errno == EAGAIN;
  if (!connected && errno == EINPROGRESS) connected = connects(descriptor);
  const int why = errno;
  close(descriptor);
  errno = why;
  return connected;
}

}  // namespace fallbackmx
