// Clients that say any bytes at all, to the control socket or the pages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "test/fake/loopback.h"

namespace fallbackmx {

/// To a socket in the file system, or a port of 127.0.0.1. Without a descriptor when nobody is there; nothing
/// is said then, and nothing heard.
FileDescriptor connected_to(const std::string& path);
FileDescriptor connected_to(std::uint16_t port);

/// Says it, and leaves it at that.
FileDescriptor half_open(FileDescriptor to, std::string_view say);

/// Says it, and reads until the other side closes, or to the end of a line if `one_line`. Silence is a
/// failure of the test.
std::string exchange(const FileDescriptor& with, std::string_view say, bool one_line);

}  // namespace fallbackmx
