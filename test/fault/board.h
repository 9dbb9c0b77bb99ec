// The test's end of the board of a daemon that it disturbs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "test/fault/fault_board.h"

namespace fallbackmx {

std::string_view to_string(Fault);

/// The board of one daemon, in a file; the daemon's end of it is the preloaded shim.
class Board {
 public:
  explicit Board(const std::string& path);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// From now on, the n-th call of the family fails; lasting: and all behind it.
  void arm(Fault family, std::int64_t nth, bool lasting = false);
  void disarm();
  std::uint64_t calls(Fault family) const { return board_->calls[static_cast<std::size_t>(family)]; }
  /// How many have failed since the board was armed.
  std::uint64_t failed() const { return board_->failed; }
  /// The function that failed last.
  std::string last() const;
  /// Who called it.
  Way last_way() const { return board_->last_way; }
  /// Of the armed family, only calls on this way count and fail; 0: all of them again.
  void narrow_to(Way way) { board_->only = way; }
  /// From now on, until the survey is taken: who makes the calls of the family.
  void begin_survey(Fault family);
  std::vector<Way> take_survey();
  void set_wall_clock_ahead(std::chrono::seconds by);
  /// Who writes to a place in a file, as a database does, waits until it hangs no longer; the log does not.
  void hang_disk(bool hangs) { board_->disk_hangs = hangs; }
  std::uint32_t hanging() const { return board_->hanging; }

 private:
  FaultBoard* board_;
};

}  // namespace fallbackmx
