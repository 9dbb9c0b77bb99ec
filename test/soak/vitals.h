// What a process holds: memory, descriptors, threads.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// At a moment. All 0 for a process that is gone.
struct Vitals {
  Time at;
  pid_t process = 0;
  long kilobytes = 0, descriptors = 0, threads = 0;
};

Vitals vitals_of(pid_t);
std::string in_words(const Vitals&);

/// Those of the latest life of the daemon: a process that was killed takes its leaks with it.
class LifeRecord {
 public:
  void add(const Vitals&);
  /// After a tenth of that life, half of it, and now. Empty before it has three samples.
  std::vector<Vitals> stages() const;

 private:
  std::vector<Vitals> samples_{};
};

}  // namespace fallbackmx::soak
