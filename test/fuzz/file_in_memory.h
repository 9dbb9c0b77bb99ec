// A file that only this process has: for code that reads files by name.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace fallbackmx::fuzz {

class FileInMemory {
 public:
  explicit FileInMemory(std::string_view text) : fd_(memfd_create("fallbackmx", MFD_CLOEXEC)) {
    if (fd_ < 0 || write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  ~FileInMemory() { close(fd_); }
  FileInMemory(const FileInMemory&) = delete;
  FileInMemory& operator=(const FileInMemory&) = delete;

  /// Without colons and blanks: it can stand in a list.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

/// Whether reading it could block, or make the run depend on the machine: the input names files of its own.
inline bool names_devices(std::string_view input) {
  return input.find("/dev") != std::string_view::npos || input.find("/proc") != std::string_view::npos;
}

}  // namespace fallbackmx::fuzz
