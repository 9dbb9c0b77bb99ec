// The time line of a run, to look things up in.
#pragma once

#include <fstream>
#include <mutex>
#include <string>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// A line for each event in a file, with the seconds since the start, written at once. Used by all threads.
class Journal {
 public:
  Journal(const std::string& path, Time start) : start_(start), file_(path) {}

  void note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    file_ << in_seconds(Clock::now() - start_) << " " << what << std::endl;
  }

 private:
  const Time start_;
  std::mutex mutex_;  ///< protects what follows
  std::ofstream file_;
};

}  // namespace fallbackmx::soak
