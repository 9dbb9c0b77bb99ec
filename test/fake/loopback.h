// Sockets of 127.0.0.1, for those who play servers there.
#pragma once

#include <cstdint>

#include "probe/base/file_descriptor.h"

namespace fallbackmx {

/// What a system call returned; throws std::system_error when it is an error.
int must_succeed(int result, const char* what);

/// A socket of this type (SOCK_STREAM, SOCK_DGRAM, with flags), bound to 127.0.0.1: at a port that the kernel
/// chooses, unless one is given. It is close-on-exec. Throws std::system_error, also when the port is taken.
FileDescriptor loopback_socket(int type, std::uint16_t port = 0);
std::uint16_t port_of(const FileDescriptor& socket);

}  // namespace fallbackmx
