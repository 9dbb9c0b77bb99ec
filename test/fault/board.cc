#include "test/fault/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "test/fake/loopback.h"

namespace fallbackmx {

std::string_view to_string(Fault family) {
  constexpr std::string_view names[fault_families] = {"none",     "memory", "thread", "descriptor",
                                                      "transfer", "signal", "disk",   "full_disk"};
  return names[static_cast<std::size_t>(family)];
}

Board::Board(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  void* at = MAP_FAILED;
  if (ftruncate(file.get(), sizeof(FaultBoard)) == 0)
    at = mmap(nullptr, sizeof(FaultBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
  board_ = new (at) FaultBoard{};
}

Board::~Board() { munmap(board_, sizeof(FaultBoard)); }

void Board::arm(Fault family, std::int64_t nth, bool lasting) {
  board_->failed = 0;
  board_->left = nth;
  board_->lasting = lasting;
  board_->armed = family;
}

void Board::disarm() { board_->armed = Fault::none; }

std::string Board::last() const {
  std::string name;
  for (const char letter : board_->last) {
    if (letter == '\0') break;
    name += letter;
  }
  return name;
}

void Board::begin_survey(Fault family) {
  board_->noted = 0;
  board_->surveyed = family;
}

std::vector<Way> Board::take_survey() {
  board_->surveyed = Fault::none;
  const std::size_t many = std::min<std::size_t>(board_->noted, board_->ways.size());
  return {board_->ways.begin(), board_->ways.begin() + static_cast<std::ptrdiff_t>(many)};
}

void Board::set_wall_clock_ahead(std::chrono::seconds by) {
  board_->wall_ahead = std::chrono::nanoseconds(by).count();
}

}  // namespace fallbackmx
