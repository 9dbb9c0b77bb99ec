// Lines over a socket, bounded in length and in time: what both ends of the control socket read and write.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"

namespace fallbackmx {

/// For one thread. The descriptor is somebody else's, and does not block.
class LineStream {
 public:
  LineStream(int descriptor, std::size_t longest) : descriptor_(descriptor), longest_(longest) {}

  /// The next line, without its end; nothing at the end of the stream (a line that is not complete then is
  /// none), at the deadline, or when it is too long.
  std::optional<std::string> read_line(SteadyTime deadline);
  bool too_long() const { return buffer_.size() > longest_; }

  /// False when not all of it could be written by the deadline.
  bool write_line(std::string line, SteadyTime deadline);

 private:
  bool wait_for(short event, SteadyTime deadline) const;

  const int descriptor_;
  const std::size_t longest_;
  std::string buffer_;
};

}  // namespace fallbackmx
