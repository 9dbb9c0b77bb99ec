// Somebody who looks at the daemon all the time.
#pragma once

#include <atomic>
#include <thread>

#include "test/soak/bed_line.h"
#include "test/soak/ledger.h"
#include "test/soak/vitals.h"

namespace fallbackmx::soak {

/// Once in a second, in a thread that lives as long as it does.
class Watch {
 public:
  explicit Watch(BedLine& bed) : bed_(bed), thread_([this] { look(); }) {}
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void stop();
  /// Of the last of the daemon's lives. After stop().
  const LifeRecord& record() const { return record_; }
  /// Those that nobody ordered. After stop().
  Faults deaths() const { return deaths_; }

 private:
  void look();

  BedLine& bed_;
  LifeRecord record_{};
  Faults deaths_{};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// When it has held as many descriptors and threads for some seconds, or after `patience`. If `most` names a
/// process, not before it holds no more than that.
Vitals at_rest(const BedLine& bed, const Vitals& most, Clock::duration patience);

}  // namespace fallbackmx::soak
