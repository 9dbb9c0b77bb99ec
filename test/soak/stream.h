// The constant stream of mail: new messages, and those that were told to come back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/soak/ledger.h"
#include "test/soak/population.h"

namespace fallbackmx::soak {

/// Sends `rate` new messages in a second, from many threads in a network, and each of them again and again
/// until the fallback has taken it or refused it for good. Its threads live as long as it does.
class Stream {
 public:
  struct Where {
    std::string network, fallback;
  };
  Stream(Where, Ledger&, Population&, double rate);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// No new messages; those that wait are still sent.
  void ebb() { ebbing_ = true; }
  long attempts() const { return attempts_; }

 private:
  void flow(double rate);
  void send_when_due();
  void send(long number, int attempts);
  struct Due {
    long number;
    int attempts;
  };

  const Where where_;
  Ledger& ledger_;
  Population& population_;
  std::atomic<bool> ebbing_{false}, stopping_{false};
  std::atomic<long> attempts_{0};
  std::mutex mutex_;  ///< protects what follows
  std::condition_variable changed_;
  std::multimap<Time, Due> due_{};
  std::vector<std::thread> threads_{};
};

}  // namespace fallbackmx::soak
