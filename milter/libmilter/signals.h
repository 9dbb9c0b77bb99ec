// Signals as a queue that a thread can wait on.
#pragma once

#include <chrono>
#include <optional>

namespace fallbackmx {

/// What can come out of the queue.
enum class Signal { reload, stop, milter_ended };

/// HUP and USR1 mean reload, TERM and INT mean stop. Make it in main() before there is any other thread: it
/// blocks all four, and all threads inherit that.
///
/// libmilter has a thread of its own in sigwait(), for which HUP, TERM and INT mean "end". Which of two that
/// wait for a signal gets it is up to the kernel, and libmilter did win under load. So it is given none: its
/// sigwait() is ours (see signals.cc), and never returns.
///
/// One object per process.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next signal; none at the end of `patience`. A hail of reloads is one, and a stop outranks them. For
  /// one thread. After a stop, another TERM or INT ends the process at once.
  std::optional<Signal> next(std::chrono::milliseconds patience);
  /// Puts milter_ended into the queue. Any thread.
  void milter_ended() noexcept;

 private:
  bool asked_to_stop() const;

  int signals_ = -1, ended_ = -1;  ///< signalfd and eventfd
};

}  // namespace fallbackmx
