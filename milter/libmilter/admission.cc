#include "milter/libmilter/admission.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

namespace fallbackmx {

namespace {

thread_local int last = -1;

constexpr int pause_ms = 100;
constexpr auto quiet_time = std::chrono::minutes(10);

std::atomic<Admission*> the_admission{nullptr};  // accept(2) brings nothing of ours along

/// RLIMIT_NOFILE, which may be changed while we run (prlimit(1)).
int descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
}

/// The kernel gives out the lowest number that is free: a high one means that nearly all are in use.
bool is_reserved(int descriptor) {
  const int limit = descriptor_limit();
  return descriptor >= limit - std::min(reserved_descriptors, limit / 4);
}

/// The listening socket is no more.
bool is_final(int error) { return error == EBADF || error == EINVAL || error == ENOTSOCK; }

}  // namespace

Admission::Admission(Log& log) : log_(log) { the_admission = this; }
Admission::~Admission() { the_admission = nullptr; }

int Admission::accept(int listening, void* from, unsigned* size) {
  const int descriptor = accept4(listening, static_cast<sockaddr*>(from), size, SOCK_CLOEXEC);
  Admission* const teller = the_admission;
  if (descriptor >= 0 && !is_reserved(descriptor)) {
    if (teller != nullptr) teller->let_in();
    return last = descriptor;
  }
  const int why = errno;
  const bool none_left =
      descriptor < 0 && (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM);
  if (descriptor >= 0) close(descriptor);
  if (teller != nullptr && (descriptor >= 0 || none_left)) teller->turned_away();
  if (none_left) poll(nullptr, 0, pause_ms);  // whoever waits in the queue keeps the socket readable
  errno = descriptor < 0 && is_final(why) ? why : EMFILE;
  return -1;
}

int Admission::last_accepted() { return last; }

void Admission::turned_away() noexcept {
  const SteadyTime now = std::chrono::steady_clock::now();
  SteadyTime quiet_until = quiet_until_;
  if (now < quiet_until || !quiet_until_.compare_exchange_strong(quiet_until, now + quiet_time)) return;
  said_ = true;
  try {
    log_.error("descriptors are running out: new connections are turned away; the limit is " +
               std::to_string(descriptor_limit()) + " (LimitNOFILE in the unit)");
  } catch (...) {  // nor memory
  }
}

void Admission::let_in() noexcept {
  if (!said_.exchange(false)) return;
  try {
    log_.info("there are descriptors for new connections again");
  } catch (...) {
  }
}

}  // namespace fallbackmx

extern "C" int accept(int listening, sockaddr* from, socklen_t* size) {
  return fallbackmx::Admission::accept(listening, from, size);
}
