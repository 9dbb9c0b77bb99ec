// Clients at the milter socket, who ask and measure, and never send a message: what they hear comes from the
// daemon alone, and how long it takes is the daemon's own time.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/soak/ledger.h"
#include "test/soak/population.h"
#include "test/soak/weather.h"
#include "test/soak/yardstick.h"

namespace fallbackmx::soak {

/// A few sessions with the daemon at a time, each asking about one recipient after another. A daemon that is
/// dead is none of their business; one that closes a session or gives no answer is killed by somebody who
/// knows. Threads live as long as the object.
class Questioner {
 public:
  Questioner(std::string milter_socket, Clock::duration answer_timeout, Ledger&, Population&);
  ~Questioner();
  Questioner(const Questioner&) = delete;
  Questioner& operator=(const Questioner&) = delete;

  /// They ask no more. When this returns their sessions are closed.
  void stop();
  long questions() const { return questions_; }
  Clock::duration longest() const;
  /// Answers that took longer than answer_timeout + 0.1 s, and what the machine added.
  Faults too_late(const Yardstick&) const;
  /// Those who were accepted because their primary could not be asked, and waited for more than
  /// primary_silence_time + 0.1 s, and what the machine added.
  Faults waited_too_long(const Yardstick&, const Weather&) const;
  /// Answers that took so long that a client waited for something.
  std::vector<Weather::Wait> waits() const;

 private:
  void ask_until_stopped();
  void ask_in_a_session();

  const std::string milter_socket_;
  const Clock::duration answer_timeout_;
  Ledger& ledger_;
  Population& population_;
  std::atomic<bool> stopping_{false};
  std::atomic<long> questions_{0};
  mutable std::mutex mutex_;  ///< protects what follows
  Clock::duration longest_{0};
  std::vector<Answer> late_{}, waits_{};
  std::vector<std::thread> threads_{};
};

}  // namespace fallbackmx::soak
