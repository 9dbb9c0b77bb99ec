// What was promised, and what came of it.
#pragma once

#include <string>

#include "test/soak/ledger.h"

namespace fallbackmx::soak {

/// A line for each promise on standard error, with the first faults below it.
class Report {
 public:
  void check(const std::string& promise, const Faults&);
  /// The line that test/run counts. Returns whether all is well.
  bool finish() const;

 private:
  int passed_ = 0, failed_ = 0;
};

}  // namespace fallbackmx::soak
