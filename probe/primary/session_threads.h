// The threads of one destination's SMTP sessions: how they begin, and how they end.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "probe/base/clock.h"
#include "probe/primary/roster.h"

namespace fallbackmx {

/// Belongs to a Destination, and works with its lock and its roster. A thread whose session has ended serves
/// the next one, if that is needed at once: in a storm of refusals a session lives for a few milliseconds.
///
/// A thread that cannot be made, and a session that ends with an exception, are trouble of ours that nobody
/// may have to wait for: the destination gives up what is queued, and nobody tries the same again in a loop.
class SessionThreads {
 public:
  using Slot = Roster::Slot;

  /// What the destination does in them.
  struct Duties {
    /// A session, from its beginning to its end. Called in its thread, without the lock.
    std::function<void(Slot&)> serve;
    /// One has left: another may be needed. Called with the lock held.
    std::function<void()> relieve;
    /// There was trouble of ours. Called with the lock held; does not throw, not even out of memory.
    std::function<void(std::string_view what, std::string_view why)> give_up;
  };

  SessionThreads(Clock& clock, std::mutex& lock, Roster& roster, Duties duties);

  /// One more session, or the trial of an endpoint that is down. With the lock held.
  void launch(unsigned generation, std::optional<std::size_t> trial = {}) noexcept;
  /// Joins the threads that have ended. Without the lock, and not by one of them.
  void join_ended();
  /// Waits until all have ended; no more may be launched. Without the lock.
  void join_all();

 private:
  void work(std::shared_ptr<Slot> slot) noexcept;
  std::shared_ptr<Slot> attend(const std::shared_ptr<Slot>& slot) noexcept;
  std::shared_ptr<Slot> end(const std::shared_ptr<Slot>& slot) noexcept;

  Clock& clock_;
  std::mutex& lock_;
  Roster& roster_;
  const Duties duties_;
  // While a session's end is seen to, with the lock held.
  Slot* ending_ = nullptr;           ///< its thread is free
  std::shared_ptr<Slot> successor_;  ///< that has got it
};

}  // namespace fallbackmx
