// Reading, writing and waiting: of sockets and of files.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>

#include "test/fault/shim/next.h"
#include "test/fault/shim/strike.h"

namespace {

using fault_shim::fails;
using fault_shim::Fault;

mode_t kind_of(int descriptor) {
  struct stat status {};
  return syscall(SYS_fstat, descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/// eventfds do not fail in such ways.
bool no_transfer(int descriptor, const char* name) {
  const int before = errno;
  if (kind_of(descriptor) == S_IFSOCK &&
      (fails(Fault::signal, name, EINTR) || fails(Fault::transfer, name, ECONNRESET)))
    return true;
  errno = before;
  return false;
}
bool no_disk(const char* name, int error = EIO) { return fails(Fault::disk, name, error); }
bool no_growth(const char* name) { return fails(Fault::full_disk, name, ENOSPC) || no_disk(name, ENOSPC); }
/// Of a call that opens one.
bool no_file(const char* name) {
  return fails(Fault::signal, name, EINTR) || no_disk(name) || fails(Fault::descriptor, name, EMFILE);
}

}  // namespace

extern "C" {

// --- either ---

ssize_t read(int descriptor, void* into, std::size_t size) {
  if (no_transfer(descriptor, "read") || (kind_of(descriptor) == S_IFREG && no_disk("read"))) return -1;
  return NEXT(read)(descriptor, into, size);
}
ssize_t write(int descriptor, const void* from, std::size_t size) {
  if (no_transfer(descriptor, "write") || (kind_of(descriptor) == S_IFREG && no_growth("write"))) return -1;
  return NEXT(write)(descriptor, from, size);
}

// --- sockets ---

ssize_t writev(int descriptor, const iovec* parts, int count) {
  return no_transfer(descriptor, "writev") ? -1 : NEXT(writev)(descriptor, parts, count);
}
ssize_t recv(int descriptor, void* into, std::size_t size, int flags) {
  return no_transfer(descriptor, "recv") ? -1 : NEXT(recv)(descriptor, into, size, flags);
}
ssize_t recvfrom(int descriptor, void* into, std::size_t size, int flags, sockaddr* from, socklen_t* length) {
  return no_transfer(descriptor, "recvfrom") ? -1
                                             : NEXT(recvfrom)(descriptor, into, size, flags, from, length);
}
ssize_t send(int descriptor, const void* from, std::size_t size, int flags) {
  return no_transfer(descriptor, "send") ? -1 : NEXT(send)(descriptor, from, size, flags);
}
ssize_t sendto(int descriptor, const void* from, std::size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  return no_transfer(descriptor, "sendto") ? -1 : NEXT(sendto)(descriptor, from, size, flags, to, length);
}
int poll(pollfd* descriptors, nfds_t count, int patience) {
  if (fails(Fault::signal, "poll", EINTR) || fails(Fault::transfer, "poll", ENOMEM)) return -1;
  return NEXT(poll)(descriptors, count, patience);
}

// --- files ---

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  if (no_file("open64")) return -1;
  return NEXT(open64)(path, flags, mode);
}
int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  if (no_file("open")) return -1;
  return NEXT(open)(path, flags, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return no_file("fopen64") ? nullptr : NEXT(fopen64)(path, mode);
}
FILE* fopen(const char* path, const char* mode) {
  return no_file("fopen") ? nullptr : NEXT(fopen)(path, mode);
}
ssize_t pread64(int descriptor, void* into, std::size_t size, off64_t at) {
  return no_disk("pread64") ? -1 : NEXT(pread64)(descriptor, into, size, at);
}
ssize_t pwrite64(int descriptor, const void* from, std::size_t size, off64_t at) {
  fault_shim::wait_for_disk();
  return no_growth("pwrite64") ? -1 : NEXT(pwrite64)(descriptor, from, size, at);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  return no_growth("ftruncate64") ? -1 : NEXT(ftruncate64)(descriptor, size);
}
int fdatasync(int descriptor) {
  fault_shim::wait_for_disk();
  return no_disk("fdatasync") ? -1 : NEXT(fdatasync)(descriptor);
}
int fsync(int descriptor) { return no_disk("fsync") ? -1 : NEXT(fsync)(descriptor); }
int fstat64(int descriptor, struct stat64* status) noexcept {
  return no_disk("fstat64") ? -1 : NEXT(fstat64)(descriptor, status);
}
int unlink(const char* path) noexcept { return no_disk("unlink") ? -1 : NEXT(unlink)(path); }
int rename(const char* from, const char* to) noexcept {
  return no_disk("rename") ? -1 : NEXT(rename)(from, to);
}
void* mmap64(void* at, std::size_t size, int protection, int flags, int descriptor, off64_t offset) noexcept {
  if (descriptor >= 0 && no_disk("mmap64", ENOMEM)) return MAP_FAILED;
  return NEXT(mmap64)(at, size, protection, flags, descriptor, offset);
}
int fcntl64(int descriptor, int command, ...) {
  va_list more;
  va_start(more, command);
  void* const argument = va_arg(more, void*);
  va_end(more);
  // To let go of a lock never fails, and SQLite relies on that.
  const bool locks = command == F_SETLK && static_cast<struct flock*>(argument)->l_type != F_UNLCK;
  if (locks && no_disk("fcntl64", ENOLCK)) return -1;
  return NEXT(fcntl64)(descriptor, command, argument);
}

}  // extern "C"
