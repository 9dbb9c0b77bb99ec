// Preloaded into the daemon: stands between it and the C library, counts calls, and fails the one that the
// board (board.h, in the file $FAULT_BOARD) asks for. Without a board everything is passed on.
//
// What the C library calls inside itself does not come by here, nor does what the daemon has for its own
// (accept(), sigwait()).

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <new>
#include <utility>

#include "test/fault/board.h"

namespace {

using fallbackmx::Fault;
using fallbackmx::FaultBoard;

FaultBoard* board = nullptr;
__thread bool inside = false;  // an allocation that is counted already

/// Before anything of the program runs; no call here may come back to the shim.
__attribute__((constructor(101))) void find_board() {
  unsetenv("LD_PRELOAD");  // a sanitizer's symbolizer is none of our business
  const char* path = std::getenv("FAULT_BOARD");
  if (path == nullptr) return;
  const long file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (file < 0) return;
  const long at = syscall(SYS_mmap, nullptr, sizeof(FaultBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (at > 0) board = reinterpret_cast<FaultBoard*>(at);
}

/// Who called, into the daemon's log: addresses for addr2line(1).
void show_way() {
  const bool before = std::exchange(inside, true);
  std::array<void*, 40> way{};
  backtrace_symbols_fd(way.data(), backtrace(way.data(), static_cast<int>(way.size())), STDERR_FILENO);
  inside = before;
}

/// A crash says where.
void crashed(int) { show_way(); }  // and happens again, to nobody's surprise
__attribute__((constructor)) void watch_for_crashes() {
  struct sigaction before {};
  sigaction(SIGSEGV, nullptr, &before);
  if (before.sa_handler != SIG_DFL) return;  // a sanitizer's, which says more
  struct sigaction once {};
  once.sa_handler = crashed;
  once.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGSEGV, &once, nullptr);
}

/// Where it begins. dladdr(3) would look for a symbol, too, which takes minutes of a life's allocations.
const void* library_of(void* address) {
  dl_find_object found{};
  return _dl_find_object(address, &found) == 0 ? found.dlfo_map_start : nullptr;
}

/// The nearest callers outside of the shim. The same in each process.
fallbackmx::Way way_here() {
  const bool before = std::exchange(inside, true);
  std::array<void*, 24> callers{};
  const int deep = backtrace(callers.data(), static_cast<int>(callers.size()));
  const void* const shim = library_of(reinterpret_cast<void*>(&find_board));
  fallbackmx::Way way = 14695981039346656037U;  // FNV-1a
  int counted = 0;
  for (int i = 0; i < deep && counted < fallbackmx::callers_of_way; ++i) {
    const void* const library = library_of(callers[static_cast<std::size_t>(i)]);
    if (library == shim) continue;
    const auto within = reinterpret_cast<std::uintptr_t>(callers[static_cast<std::size_t>(i)]) -
                        reinterpret_cast<std::uintptr_t>(library);
    way = (way ^ within) * 1099511628211U;
    ++counted;
  }
  inside = before;
  return way;
}

/// Counts the call; true when it is the one.
bool strikes(Fault family, const char* name) {
  if (board == nullptr) return false;
  ++board->calls[static_cast<std::size_t>(family)];
  if (board->surveyed == family) {
    const auto at = board->noted++;
    if (at < board->ways.size()) board->ways[at] = way_here();
  }
  if (board->armed != family || (board->only != 0 && board->only != way_here())) return false;
  const std::int64_t left = --board->left;
  if (left > 0 || (left < 0 && !board->lasting)) return false;
  ++board->failed;
  for (std::size_t i = 0; i + 1 < board->last.size(); ++i) {
    board->last[i] = name[i];
    if (name[i] == '\0') break;
  }
  board->last_way = way_here();
  if (std::getenv("FAULT_TRACE") != nullptr) show_way();
  return true;
}

bool fails(Fault family, const char* name, int error) {
  if (!strikes(family, name)) return false;
  errno = error;
  return true;
}

/// The C library's own, or the sanitizer's.
template <class Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
#define NEXT(name)                                  \
  ([] {                                             \
    static const auto found = next(&::name, #name); \
    return found;                                   \
  }())

bool is_socket(int descriptor) {
  struct stat status {};
  return syscall(SYS_fstat, descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}
bool is_file(int descriptor) {
  struct stat status {};
  return syscall(SYS_fstat, descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// Of a call that makes a descriptor.
bool no_descriptor(const char* name, int error = EMFILE) { return fails(Fault::descriptor, name, error); }

/// Of a call that moves bytes. eventfds do not fail in such ways.
bool no_transfer(int descriptor, const char* name) {
  const int before = errno;
  if (is_socket(descriptor) &&
      (fails(Fault::signal, name, EINTR) || fails(Fault::transfer, name, ECONNRESET)))
    return true;
  errno = before;
  return false;
}
bool no_reading(int descriptor, const char* name) {
  return is_file(descriptor) && fails(Fault::disk, name, EIO);
}
bool no_growth(const char* name) {
  return fails(Fault::full_disk, name, ENOSPC) || fails(Fault::disk, name, ENOSPC);
}
bool no_file(const char* name) { return fails(Fault::signal, name, EINTR) || fails(Fault::disk, name, EIO); }

/// For allocations that come while the next allocator is being looked for.
void* from_reserve(std::size_t size) {
  alignas(16) static char reserve[65536];
  static std::size_t used = 0;
  size = (size + 15) / 16 * 16;
  if (used + size > sizeof reserve) return nullptr;
  used += size;
  return reserve + used - size;
}

class Counted {
 public:
  Counted() : outermost_(!inside) { inside = true; }
  ~Counted() {
    if (outermost_) inside = false;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  bool outermost() const { return outermost_; }

 private:
  const bool outermost_;
};

/// Where a library lies in memory.
struct Place {
  std::uintptr_t begin = 0, end = 0;
};
int look_for_ldns(dl_phdr_info* library, std::size_t, void* into) {
  if (std::strstr(library->dlpi_name, "libldns") == nullptr) return 0;
  Place& place = *static_cast<Place*>(into);
  place.begin = library->dlpi_addr;
  for (int i = 0; i < library->dlpi_phnum; ++i)
    place.end =
        std::max(place.end, place.begin + library->dlpi_phdr[i].p_vaddr + library->dlpi_phdr[i].p_memsz);
  return 1;
}

Place place_of_ldns() {
  Place place;
  dl_iterate_phdr(look_for_ldns, &place);
  return place;
}
Place place_of_getdelim() {
  Dl_info library{};
  ElfW(Sym)* symbol = nullptr;
  void* const at = reinterpret_cast<void*>(&getdelim);
  if (dladdr1(at, &library, reinterpret_cast<void**>(&symbol), RTLD_DL_SYMENT) == 0 || symbol == nullptr)
    return {};
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  return {begin, begin + symbol->st_size};
}

/// Who ends the process when it gets no memory, and there is nothing that we could do. ldns uses what it has
/// got before it looks whether it has got it. getdelim(3) does not mark its stream as failed until glibc 2.37
/// (bug 29917), and the reader of nsswitch.conf takes that for impossible.
bool is_spared(const void* caller) {
  static const Place ldns = place_of_ldns(), line_reader = place_of_getdelim();
  const auto at = reinterpret_cast<std::uintptr_t>(caller);
  const auto is_in = [at](const Place& place) { return at >= place.begin && at < place.end; };
  return is_in(ldns) || is_in(line_reader);
}

/// Runs `allocate` unless it is this one's turn to fail.
template <class Allocate>
auto allocated(const char* name, const void* caller, Allocate allocate) -> decltype(allocate()) {
  const Counted counted;
  const bool watched =
      board != nullptr && (board->armed == Fault::memory || board->surveyed == Fault::memory);
  const bool spared = watched && counted.outermost() && is_spared(caller);
  if (counted.outermost() && !spared && fails(Fault::memory, name, ENOMEM)) return nullptr;
  return allocate();
}

using Malloc = void* (*)(std::size_t);
using Calloc = void* (*)(std::size_t, std::size_t);
using Realloc = void* (*)(void*, std::size_t);

template <class Function>
Function allocator(Function& known, const char* name) {
  static __thread bool looking = false;
  if (known != nullptr || looking) return known;
  looking = true;
  known = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  looking = false;
  return known;
}
Malloc next_malloc, next_new, next_new_array;
Calloc next_calloc;
Realloc next_realloc;

void* made(Malloc& known, const char* name, std::size_t size) {
  void* memory = allocated(name, __builtin_return_address(0), [&] { return allocator(known, name)(size); });
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return made(next_new, "_Znwm", size); }
void* operator new[](std::size_t size) { return made(next_new_array, "_Znam", size); }

extern "C" {

// --- memory ---

void* malloc(std::size_t size) noexcept {
  return allocated("malloc", __builtin_return_address(0), [&] {
    const Malloc other = allocator(next_malloc, "malloc");
    return other == nullptr ? from_reserve(size) : other(size);
  });
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  return allocated("calloc", __builtin_return_address(0), [&] {
    const Calloc other = allocator(next_calloc, "calloc");
    return other == nullptr ? from_reserve(count * size) : other(count, size);
  });
}

void* realloc(void* memory, std::size_t size) noexcept {
  return allocated("realloc", __builtin_return_address(0),
                   [&] { return allocator(next_realloc, "realloc")(memory, size); });
}

void abort() noexcept {
  show_way();
  NEXT(abort)();
  _exit(134);
}

// --- threads ---

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* with) noexcept {
  if (strikes(Fault::thread, "pthread_create")) return EAGAIN;
  return NEXT(pthread_create)(thread, how, run, with);
}

// --- descriptors ---

int socket(int family, int type, int protocol) noexcept {
  return no_descriptor("socket") ? -1 : NEXT(socket)(family, type, protocol);
}
int accept(int listening, sockaddr* from, socklen_t* size) {
  return no_descriptor("accept") ? -1 : NEXT(accept)(listening, from, size);
}
int accept4(int listening, sockaddr* from, socklen_t* size, int flags) {
  if (fails(Fault::signal, "accept4", EINTR) || no_descriptor("accept4")) return -1;
  return NEXT(accept4)(listening, from, size, flags);
}
int eventfd(unsigned int count, int flags) noexcept {
  return no_descriptor("eventfd") ? -1 : NEXT(eventfd)(count, flags);
}
int signalfd(int descriptor, const sigset_t* set, int flags) noexcept {
  return no_descriptor("signalfd") ? -1 : NEXT(signalfd)(descriptor, set, flags);
}
int pipe(int ends[2]) noexcept {
  // By it a sanitizer finds out what may be read, and takes a failure for the program's fault.
  static const bool is_sanitizers = dlsym(RTLD_DEFAULT, "__ubsan_handle_type_mismatch_v1") != nullptr ||
                                    dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
  return !is_sanitizers && no_descriptor("pipe") ? -1 : NEXT(pipe)(ends);
}
int connect(int descriptor, const sockaddr* to, socklen_t size) {
  return no_descriptor("connect", ENOBUFS) ? -1 : NEXT(connect)(descriptor, to, size);
}
int bind(int descriptor, const sockaddr* to, socklen_t size) noexcept {
  return no_descriptor("bind", EADDRINUSE) ? -1 : NEXT(bind)(descriptor, to, size);
}
int listen(int descriptor, int backlog) noexcept {
  return no_descriptor("listen", EADDRINUSE) ? -1 : NEXT(listen)(descriptor, backlog);
}
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) noexcept {
  return no_descriptor("getsockopt", ENOBUFS) ? -1 : NEXT(getsockopt)(descriptor, level, name, value, size);
}
int getsockname(int descriptor, sockaddr* name, socklen_t* size) noexcept {
  return no_descriptor("getsockname", ENOBUFS) ? -1 : NEXT(getsockname)(descriptor, name, size);
}
int fcntl64(int descriptor, int command, ...) {
  va_list more;
  va_start(more, command);
  void* const argument = va_arg(more, void*);
  va_end(more);
  // To let go of a lock never fails, and SQLite relies on that.
  const bool locks = command == F_SETLK && static_cast<struct flock*>(argument)->l_type != F_UNLCK;
  if (locks && fails(Fault::disk, "fcntl64", ENOLCK)) return -1;
  return NEXT(fcntl64)(descriptor, command, argument);
}

// --- bytes, and waiting for them ---

ssize_t read(int descriptor, void* into, std::size_t size) {
  if (no_transfer(descriptor, "read") || no_reading(descriptor, "read")) return -1;
  return NEXT(read)(descriptor, into, size);
}
ssize_t write(int descriptor, const void* from, std::size_t size) {
  if (no_transfer(descriptor, "write") || (is_file(descriptor) && no_growth("write"))) return -1;
  return NEXT(write)(descriptor, from, size);
}
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
  if (no_file("open64") || no_descriptor("open64")) return -1;
  return NEXT(open64)(path, flags, mode);
}
int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  if (no_file("open") || no_descriptor("open")) return -1;
  return NEXT(open)(path, flags, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return no_file("fopen64") || no_descriptor("fopen64") ? nullptr : NEXT(fopen64)(path, mode);
}
FILE* fopen(const char* path, const char* mode) {
  return no_file("fopen") || no_descriptor("fopen") ? nullptr : NEXT(fopen)(path, mode);
}
ssize_t pread64(int descriptor, void* into, std::size_t size, off64_t at) {
  return fails(Fault::disk, "pread64", EIO) ? -1 : NEXT(pread64)(descriptor, into, size, at);
}
ssize_t pwrite64(int descriptor, const void* from, std::size_t size, off64_t at) {
  return no_growth("pwrite64") ? -1 : NEXT(pwrite64)(descriptor, from, size, at);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  return no_growth("ftruncate64") ? -1 : NEXT(ftruncate64)(descriptor, size);
}
int fdatasync(int descriptor) {
  return fails(Fault::disk, "fdatasync", EIO) ? -1 : NEXT(fdatasync)(descriptor);
}
int fsync(int descriptor) { return fails(Fault::disk, "fsync", EIO) ? -1 : NEXT(fsync)(descriptor); }
int fstat64(int descriptor, struct stat64* status) noexcept {
  return fails(Fault::disk, "fstat64", EIO) ? -1 : NEXT(fstat64)(descriptor, status);
}
int unlink(const char* path) noexcept { return fails(Fault::disk, "unlink", EIO) ? -1 : NEXT(unlink)(path); }
int rename(const char* from, const char* to) noexcept {
  return fails(Fault::disk, "rename", EIO) ? -1 : NEXT(rename)(from, to);
}
void* mmap64(void* at, std::size_t size, int protection, int flags, int descriptor, off64_t offset) noexcept {
  if (descriptor >= 0 && fails(Fault::disk, "mmap64", ENOMEM)) return MAP_FAILED;
  return NEXT(mmap64)(at, size, protection, flags, descriptor, offset);
}

// --- what libmilter has to say: into the daemon's log, as everything that the daemon says ---

void vsyslog(int, const char* format, va_list values) {
  const bool before = std::exchange(inside, true);
  dprintf(STDERR_FILENO, "syslog: ");
  vdprintf(STDERR_FILENO, format, values);
  dprintf(STDERR_FILENO, "\n");
  inside = before;
}
void syslog(int priority, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}
void __syslog_chk(int priority, int, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}

// --- the wall clock ---

int clock_gettime(clockid_t which, timespec* now) noexcept {
  const int status = NEXT(clock_gettime)(which, now);
  if (status != 0 || which != CLOCK_REALTIME || board == nullptr) return status;
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t all = now->tv_sec * second + now->tv_nsec + board->wall_ahead;
  now->tv_sec = all / second;
  now->tv_nsec = all % second;
  return status;
}
int gettimeofday(timeval* now, void*) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* into) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  if (into != nullptr) *into = exact.tv_sec;
  return exact.tv_sec;
}

}  // extern "C"
