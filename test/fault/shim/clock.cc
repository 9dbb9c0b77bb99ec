// The wall clock, which a test may set.

#include <sys/time.h>

#include <cstdint>
#include <ctime>

#include "test/fault/shim/next.h"
#include "test/fault/shim/strike.h"

extern "C" {

int clock_gettime(clockid_t which, timespec* now) noexcept {
  const int status = NEXT(clock_gettime)(which, now);
  if (status != 0 || which != CLOCK_REALTIME) return status;
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t all = now->tv_sec * second + now->tv_nsec + fault_shim::wall_clock_ahead();
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
