#include "test/fault/shim/strike.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>

#include "test/fault/shim/way.h"

namespace fault_shim {

namespace {

using fallbackmx::FaultBoard;

FaultBoard* board = nullptr;

/// Before anything of the program runs. By system calls alone: any other would come back to the shim.
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

void note_way() {
  const auto at = board->noted++;
  if (at < board->ways.size()) board->ways[at] = way_here();
}

void note_failure(const char* name) {
  ++board->failed;
  for (std::size_t i = 0; i + 1 < board->last.size(); ++i) {
    board->last[i] = name[i];
    if (name[i] == '\0') break;
  }
  board->last_way = way_here();
  if (std::getenv("FAULT_TRACE") != nullptr) show_way();
}

}  // namespace

bool strikes(Fault family, const char* name) {
  if (board == nullptr) return false;
  ++board->calls[static_cast<std::size_t>(family)];
  if (board->surveyed == family) note_way();
  if (board->armed != family || (board->only != 0 && board->only != way_here())) return false;
  const std::int64_t left = --board->left;
  if (left > 0 || (left < 0 && !board->lasting)) return false;
  note_failure(name);
  return true;
}

bool fails(Fault family, const char* name, int error) {
  if (!strikes(family, name)) return false;
  errno = error;
  return true;
}

bool is_watched(Fault family) {
  return board != nullptr && (board->armed == family || board->surveyed == family);
}

void wait_for_disk() {
  if (board == nullptr || !board->disk_hangs) return;
  ++board->hanging;
  while (board->disk_hangs) {
    const timespec a_while{0, 1'000'000};
    syscall(SYS_nanosleep, &a_while, nullptr);
  }
  --board->hanging;
}

std::int64_t wall_clock_ahead() { return board == nullptr ? 0 : board->wall_ahead.load(); }

}  // namespace fault_shim
