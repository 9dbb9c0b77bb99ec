// Who decides when libmilter needs a kick.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "milter/libmilter/kick.h"

namespace fallbackmx {

/// What we can know of libmilter's queue: whoever ends a callback serves it (see kick.h), so that it can
/// stand still only when one callback has begun to wait and none has ended since. For one thread.
class Standstill {
 public:
  void wait_begins() {
    ++waiting_;
    possible_ = true;
  }
  void wait_ends() {
    --waiting_;
    ++ended_;
    possible_ = false;
  }

  bool possible() const { return possible_; }
  /// From here on it must last.
  void watch() { ended_before_ = ended_; }
  /// How many kicks are due, when it has lasted since watch(); no more for those who have begun to wait by
  /// now.
  std::size_t kicks();

 private:
  std::size_t waiting_ = 0;                   ///< callbacks, now
  std::size_t ended_ = 0, ended_before_ = 0;  ///< callbacks that have waited, ever
  bool possible_ = false;
};

/// Is told of callbacks that wait, and kicks when a standstill has lasted for longer than its patience. A
/// storm of quick answers costs no kick, a primary that hangs a few for each callback that begins to wait for
/// it. Used by all threads.
class Kicker {
 public:
  /// A command may stand behind a callback for that long before anything is done about it.
  static constexpr std::chrono::milliseconds usual_patience{1};

  explicit Kicker(Kick& kick, std::chrono::milliseconds patience = usual_patience);
  /// Ends the thread; a kick that is due is not given any more.
  ~Kicker();
  Kicker(const Kicker&) = delete;
  Kicker& operator=(const Kicker&) = delete;

  /// In a callback, before it waits.
  void wait_begins();
  /// In the same callback, as late as possible.
  void wait_ends();

 private:
  void run();

  Kick& kick_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable begun_, stop_;
  // Guarded by mutex_:
  Standstill standstill_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace fallbackmx
