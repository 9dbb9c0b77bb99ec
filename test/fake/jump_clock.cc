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

class JumpClock::Place final : public Sleeper {
 public:
  explicit Place(JumpClock& clock) : clock_(clock), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    const std::lock_guard guard(clock_.mutex_);
    clock_.places_.insert(this);
  }
  ~Place() override {
    {
      const std::lock_guard guard(clock_.mutex_);
      clock_.places_.erase(this);
    }
    close(fd_);
  }

  void wake() noexcept override {
    woken_ = true;
    ring();
  }

  void ring() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
  }

  bool sleep_until(SteadyTime deadline) override {
    for (;;) {
      std::uint64_t count;
      [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
      if (woken_.exchange(false)) return true;
      const auto now = clock_.now();
      if (deadline <= now) return false;
      // Subtracted only now: "for ever" is as far away as can be.
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
      const Asleep resting(*this);
      pollfd pending{fd_, POLLIN, 0};
      poll(&pending, 1,
           static_cast<int>(std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max())));
    }
  }

  int fd() const noexcept override { return fd_; }

  /// Nothing is pending that would end the sleep.
  bool sound_asleep() const {
    pollfd pending{fd_, POLLIN, 0};
    return asleep && poll(&pending, 1, 0) == 0;
  }

  std::atomic<bool> asleep = false;

 private:
  JumpClock& clock_;
  const int fd_;
  std::atomic<bool> woken_ = false;
};

WallTime JumpClock::wall() const {
  return std::chrono::system_clock::now() + std::chrono::duration_cast<WallTime::duration>(skipped()) +
         wall_jump_.load();
}

std::unique_ptr<Sleeper> JumpClock::sleeper() { return std::make_unique<Place>(*this); }

void JumpClock::jump(std::chrono::nanoseconds by) {
  const std::lock_guard guard(mutex_);
  skipped_ = skipped_.load() + by;
  for (auto* place : places_) place->ring();
}

bool JumpClock::all_asleep(const Sleeper& except) const {
  const std::lock_guard guard(mutex_);
  return std::all_of(places_.begin(), places_.end(),
                     [&](const Place* place) { return place == &except || place->sound_asleep(); });
}

JumpClock::Asleep::Asleep(Sleeper& sleeper) : sleeper_(sleeper) {
  dynamic_cast<Place&>(sleeper_).asleep = true;
}
JumpClock::Asleep::~Asleep() { dynamic_cast<Place&>(sleeper_).asleep = false; }

}  // namespace fallbackmx
