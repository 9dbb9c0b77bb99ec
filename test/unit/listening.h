// A listener, in the place of libmilter's.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>

#include "milter/libmilter/socket_address.h"
#include "test/fake/temporary_directory.h"

namespace fallbackmx {

class Listening {
 public:
  explicit Listening(const SocketAddress& address)
      : descriptor_(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    if (bind(descriptor_, address.get(), address.size) != 0 || listen(descriptor_, 10) != 0)
      throw std::bad_alloc();
  }
  ~Listening() { close(descriptor_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// How many have connected since the last time.
  int waiting() {
    int count = 0;
    for (int client; (client = accept(descriptor_, nullptr, nullptr)) >= 0; ++count) close(client);
    return count;
  }

  /// Returns when somebody has connected.
  void wait() {
    pollfd readable{descriptor_, POLLIN, 0};
    while (poll(&readable, 1, -1) != 1) {
    }
  }

 private:
  int descriptor_;
};

/// A directory for a socket, and the socket's address.
class SocketPlace {
 public:
  const SocketAddress& address() const { return address_; }

 private:
  const TemporaryDirectory directory_;
  const SocketAddress address_ = *own_address(*MilterSocket::parse(directory_ / "sock"));
};

}  // namespace fallbackmx
