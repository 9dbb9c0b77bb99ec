// The milter socket as the kernel has it.
#pragma once

#include <sys/socket.h>

#include "conf/grammar/milter_socket.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// Where our own connections to it go: loopback where it listens on all addresses. Looks a host name up, and
/// a descriptor's name; the Error says what there is none for.
Result<SocketAddress> own_address(const MilterSocket&);

/// A descriptor as the path or address that it is bound to, or as it is when that cannot be found out; others
/// as they are.
MilterSocket spelled_out(const MilterSocket&);

/// Whether anybody accepts connections at this address; errno tells why not.
bool somebody_listens(const SocketAddress&);

}  // namespace fallbackmx
