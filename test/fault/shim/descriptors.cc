// What the system may refuse for want of room: threads, descriptors, connections, ports.

#include <dlfcn.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "test/fault/shim/next.h"
#include "test/fault/shim/strike.h"

namespace {

using fault_shim::fails;
using fault_shim::Fault;

bool refused(const char* name, int error = EMFILE) { return fails(Fault::descriptor, name, error); }

}  // namespace

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* with) noexcept {
  if (fault_shim::strikes(Fault::thread, "pthread_create")) return EAGAIN;
  return NEXT(pthread_create)(thread, how, run, with);
}

int socket(int family, int type, int protocol) noexcept {
  return refused("socket") ? -1 : NEXT(socket)(family, type, protocol);
}
int accept(int listening, sockaddr* from, socklen_t* size) {
  return refused("accept") ? -1 : NEXT(accept)(listening, from, size);
}
int accept4(int listening, sockaddr* from, socklen_t* size, int flags) {
  if (fails(Fault::signal, "accept4", EINTR) || refused("accept4")) return -1;
  return NEXT(accept4)(listening, from, size, flags);
}
int eventfd(unsigned int count, int flags) noexcept {
  return refused("eventfd") ? -1 : NEXT(eventfd)(count, flags);
}
int signalfd(int descriptor, const sigset_t* set, int flags) noexcept {
  return refused("signalfd") ? -1 : NEXT(signalfd)(descriptor, set, flags);
}
int pipe(int ends[2]) noexcept {
  // By it a sanitizer finds out what may be read, and takes a failure for the program's fault.
  static const bool is_sanitizers = dlsym(RTLD_DEFAULT, "__ubsan_handle_type_mismatch_v1") != nullptr ||
                                    dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
  return !is_sanitizers && refused("pipe") ? -1 : NEXT(pipe)(ends);
}
int connect(int descriptor, const sockaddr* to, socklen_t size) {
  // What goes to syslog(3) is shown (syslog.cc): its reader is always there.
  if (to->sa_family == AF_UNIX && strcmp(reinterpret_cast<const sockaddr_un*>(to)->sun_path, _PATH_LOG) == 0)
    return 0;
  return refused("connect", ENOBUFS) ? -1 : NEXT(connect)(descriptor, to, size);
}
int bind(int descriptor, const sockaddr* to, socklen_t size) noexcept {
  return refused("bind", EADDRINUSE) ? -1 : NEXT(bind)(descriptor, to, size);
}
int listen(int descriptor, int backlog) noexcept {
  return refused("listen", EADDRINUSE) ? -1 : NEXT(listen)(descriptor, backlog);
}
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) noexcept {
  return refused("getsockopt", ENOBUFS) ? -1 : NEXT(getsockopt)(descriptor, level, name, value, size);
}
int getsockname(int descriptor, sockaddr* name, socklen_t* size) noexcept {
  return refused("getsockname", ENOBUFS) ? -1 : NEXT(getsockname)(descriptor, name, size);
}

}  // extern "C"
