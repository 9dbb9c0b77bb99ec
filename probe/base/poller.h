// What an event loop waits for: descriptors, time, and to be woken.
#pragma once

#include <functional>
#include <utility>

#include "probe/base/clock.h"

namespace fallbackmx {

class Poller;
class WaitPoint;

/// That a descriptor can be read or written again; in tests, that anything else can. Belongs to the owner of
/// the descriptor, and ends before that is closed. Who waits has tried before, in vain: only changes are
/// told. On the loop's thread only.
class Readiness {
 public:
  /// Whether it is ready, for reading or (`want_write`) for writing.
  using Condition = std::function<bool(bool want_write)>;

  explicit Readiness(int fd) : fd_(fd) {}
  /// Without a descriptor; only for pollers that can ask.
  explicit Readiness(Condition condition) : condition_(std::move(condition)) {}
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  int fd() const { return fd_; }
  /// For the poller: whether somebody waits, and for that.
  bool awaited() const { return waiter_ != nullptr; }
  bool fulfilled() const { return condition_ && condition_(want_write_); }
  /// By the poller: it is ready.
  void tell() noexcept;

 private:
  friend class WaitPoint;
  void await(Poller& poller, WaitPoint& waiter, bool want_write);

  const int fd_ = -1;
  const Condition condition_;
  Poller* poller_ = nullptr;     ///< that knows it
  WaitPoint* waiter_ = nullptr;  ///< one at a time
  bool want_write_ = false;
  bool told_ = false;  ///< while nobody waited
};

/// Belongs to one loop. `wake` may be called from any thread, the rest only by the loop's.
class Poller {
 public:
  virtual ~Poller() = default;
  /// Ends the wait in progress, or else the next one. Several may count as one.
  virtual void wake() noexcept = 0;
  /// Tells them what happens, from now on until `forget`.
  virtual void add(Readiness&) = 0;
  virtual void forget(Readiness&) noexcept = 0;
  /// Returns when it was woken, something is ready and told so, or the time has come. Perhaps without cause.
  virtual void wait(SteadyTime until) = 0;
};

/// epoll(7), for clocks that can be pushed forward. `fd` is readable while something is ready.
class EpollPoller final : public Poller {
 public:
  /// Throws std::system_error when descriptors have run out.
  explicit EpollPoller(const Clock& clock);
  ~EpollPoller() override;
  EpollPoller(const EpollPoller&) = delete;
  EpollPoller& operator=(const EpollPoller&) = delete;

  void wake() noexcept override;
  void add(Readiness&) override;
  void forget(Readiness&) noexcept override;
  void wait(SteadyTime until) override;
  int fd() const { return epoll_; }

 private:
  const Clock& clock_;
  int epoll_, wakeup_;
};

}  // namespace fallbackmx
