#include "test/fake/jump_clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

namespace fallbackmx {

class JumpClock::Place {
 public:
  explicit Place(JumpClock& clock) : clock_(clock) {}
  virtual ~Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// Ends the sleep: time has jumped. With the clock's lock.
  virtual void ring() noexcept = 0;
  /// Readable while something is pending that would end the sleep.
  virtual int pending() const noexcept = 0;

  bool sound_asleep() const {
    pollfd pending_now{pending(), POLLIN, 0};
    return asleep_ && poll(&pending_now, 1, 0) == 0;
  }

 protected:
  /// To be called by the constructor of what is derived, last of all: from now on others ask it.
  void enter() {
    const std::lock_guard guard(clock_.mutex_);
    clock_.places_.insert(this);
  }
  /// To be called by the destructor of what is derived, first of all.
  void leave() {
    const std::lock_guard guard(clock_.mutex_);
    clock_.places_.erase(this);
  }

  JumpClock& clock_;
  std::atomic<bool> asleep_ = false;
};

class JumpClock::Bed final : public Place, public Sleeper {
 public:
  explicit Bed(JumpClock& clock) : Place(clock), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    enter();
  }
  ~Bed() override {
    leave();
    close(fd_);
  }

  void wake() noexcept override {
    const std::lock_guard guard(clock_.mutex_);  // who wakes up may destroy this
    woken_ = true;
    ring();
  }

  void ring() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
  }
  int pending() const noexcept override { return fd_; }

  bool sleep_until(SteadyTime deadline) override {
    for (;;) {
      std::uint64_t count;
      [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
      if (woken_.exchange(false)) return true;
      const auto now = clock_.now();
      if (deadline <= now) return false;
      // Subtracted only now: "for ever" is as far away as can be.
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
      asleep_ = true;
      pollfd readable{fd_, POLLIN, 0};
      poll(&readable, 1,
           static_cast<int>(std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max())));
      asleep_ = false;
    }
  }

 private:
  const int fd_;
  std::atomic<bool> woken_ = false;
};

class JumpClock::Watcher final : public Place, public Poller {
 public:
  explicit Watcher(JumpClock& clock) : Place(clock), poller_(clock) { enter(); }
  ~Watcher() override { leave(); }

  void ring() noexcept override { poller_.wake(); }
  int pending() const noexcept override { return poller_.fd(); }
  void wake() noexcept override { poller_.wake(); }
  void add(Readiness& readiness) override { poller_.add(readiness); }
  void forget(Readiness& readiness) noexcept override { poller_.forget(readiness); }
  void wait(SteadyTime until) override {
    asleep_ = true;
    poller_.wait(until);
    asleep_ = false;
  }

 private:
  EpollPoller poller_;
};

WallTime JumpClock::wall() const {
  return std::chrono::system_clock::now() + std::chrono::duration_cast<WallTime::duration>(skipped()) +
         wall_jump_.load();
}

std::unique_ptr<Sleeper> JumpClock::sleeper() { return std::make_unique<Bed>(*this); }
std::unique_ptr<Poller> JumpClock::poller() { return std::make_unique<Watcher>(*this); }

void JumpClock::jump(std::chrono::nanoseconds by) {
  const std::lock_guard guard(mutex_);
  skipped_ = skipped_.load() + by;
  for (auto* place : places_) place->ring();
}

bool JumpClock::all_asleep(const Sleeper& except) const {
  const auto* const itself = dynamic_cast<const Place*>(&except);
  const std::lock_guard guard(mutex_);
  return std::all_of(places_.begin(), places_.end(),
                     [&](const Place* place) { return place == itself || place->sound_asleep(); });
}

}  // namespace fallbackmx
