// Signals as a queue that a thread can wait on.
#pragma once

#include <array>
#include <chrono>
#include <optional>

namespace fallbackmx {

/// What can come out of the queue.
enum class Signal { reload, stop, milter_ended };

/// Make it in main() before there is any other thread: it blocks HUP, USR1, TERM and INT, and all threads
/// inherit that.
///
/// libmilter has a thread of its own in sigwait(), for which HUP, TERM and INT mean "end"; it must never get
/// a HUP. Linux gives a signal for the process to the main thread first, unless that one blocks it, or has
/// another signal pending while it is off the processor. A main thread in a sigwait() loop blocks between two
/// calls, and libmilter won under load. So the main thread does nothing but stand_guard(), with handlers that
/// never block the signal (SA_NODEFER), and another does the work. USR1, of which libmilter knows nothing, is
/// kept from the main thread: pending there it would let a HUP pass. And who enters sigwait() takes what is
/// still on its way to another thread: hence wait_for_rival().
///
/// A second TERM or INT ends the process at once. One object per process: handlers have no arguments.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// To be called by the main thread, once, after the working thread was started.
  void stand_guard();

  /// Returns when libmilter's thread is in its sigwait(), or at the limit. Until then it may snatch a HUP.
  void wait_for_rival(std::chrono::milliseconds limit);

  /// The next signal; none at the end of `patience`. By the working thread.
  std::optional<Signal> next(std::chrono::milliseconds patience);
  /// Puts milter_ended into the queue. Any thread.
  void milter_ended() noexcept;

 private:
  std::array<int, 2> pipe_{-1, -1};
  int user_signal_ = -1;  ///< signalfd of USR1
};

}  // namespace fallbackmx
