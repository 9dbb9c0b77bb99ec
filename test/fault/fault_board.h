// What a test and the daemon that it disturbs have in common: which call is to fail, and what came of it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace fallbackmx {

/// Calls that are counted and fail together.
enum class Fault : std::uint32_t {
  none,
  memory,      ///< malloc(3), operator new and their relatives: ENOMEM
  thread,      ///< pthread_create(3): EAGAIN
  descriptor,  ///< whatever makes a descriptor: EMFILE, and what befalls connect(2), bind(2), listen(2)
  transfer,    ///< reading, writing and waiting for sockets: ECONNRESET, ENOMEM
  signal,      ///< the same, and making descriptors: EINTR
  disk,        ///< files: EIO, ENOSPC
  full_disk,   ///< whatever makes a file grow: ENOSPC
};
constexpr std::size_t fault_families = 8;

/// Who called, as a number: of the addresses that lead to a call, each within its library.
using Way = std::uint64_t;
constexpr int callers_of_way = 16;
constexpr std::size_t most_ways_noted = 1 << 17;

/// Lies in a file that both map. All zero: nothing is disturbed, and calls are counted.
struct FaultBoard {
  std::atomic<Fault> armed;
  std::atomic<std::int64_t> left;  ///< calls until one fails; 1: the next one
  std::atomic<bool> lasting;       ///< and so do all behind it
  std::array<std::atomic<std::uint64_t>, fault_families> calls;
  std::atomic<std::uint64_t> failed;
  std::array<std::atomic<char>, 32> last;  ///< the function that failed last; several may fail at once
  std::atomic<Way> last_way;               ///< who called it
  std::atomic<Way> only;                   ///< not 0: calls on another way neither count down nor fail
  std::atomic<Fault> surveyed;             ///< of these calls it is noted who makes them
  std::atomic<std::uint64_t> noted;
  std::array<std::atomic<Way>, most_ways_noted> ways;
  std::atomic<std::int64_t> wall_ahead;  ///< nanoseconds that the wall clock is ahead of the true one
  std::atomic<bool> disk_hangs;          ///< who writes to a place in a file waits as long as this is set
  std::atomic<std::uint32_t> hanging;    ///< so many wait
};

}  // namespace fallbackmx
