// The line to the script that holds the bed: what real servers do is done there.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>

namespace fallbackmx::soak {

/// Each command is a line on standard output; the script does it, and answers with a line on standard input,
/// whose last word is the daemon's process id, or 0 while there is none. Used by all threads, one at a time.
class BedLine {
 public:
  explicit BedLine(pid_t daemon) : daemon_(daemon) {}
  /// Waits until it is done. Throws std::runtime_error when the script is gone.
  void tell(const std::string& command);
  pid_t daemon() const;

 private:
  mutable std::mutex mutex_;  ///< protects what follows, and the line
  pid_t daemon_;
};

}  // namespace fallbackmx::soak
