#include "probe/base/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <system_error>

namespace fallbackmx {

Readiness::~Readiness() {
  if (poller_ != nullptr) poller_->forget(*this);
}

// Here, because clock.cc knows no pollers.
std::unique_ptr<Poller> Clock::poller() { return std::make_unique<EpollPoller>(*this); }

EpollPoller::EpollPoller(const Clock& clock)
    : clock_(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)), wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  if (epoll_ >= 0 && wakeup_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) == 0) return;
  const int error = errno;
  if (epoll_ >= 0) close(epoll_);
  if (wakeup_ >= 0) close(wakeup_);
  throw std::system_error(error, std::generic_category(), "epoll");
}

EpollPoller::~EpollPoller() {
  close(epoll_);
  close(wakeup_);
}

void EpollPoller::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then it is readable anyway.
  [[maybe_unused]] const auto written = write(wakeup_, &one, sizeof one);
}

/// Once for each descriptor: with EPOLLET the kernel tells every change, and is never asked again.
void EpollPoller::add(Readiness& readiness) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &readiness}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, readiness.fd(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void EpollPoller::forget(Readiness& readiness) noexcept {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, readiness.fd(), nullptr);
}

void EpollPoller::wait(SteadyTime until) {
  const SteadyTime now = clock_.now();
  // Subtracted only in between: "for ever" is as far away as can be.
  const auto left =
      until > now ? std::chrono::ceil<std::chrono::milliseconds>(until - now).count() : std::int64_t{0};
  const int timeout = until == SteadyTime::max()
                          ? -1
                          : static_cast<int>(std::min<std::int64_t>(left, std::numeric_limits<int>::max()));
  std::array<epoll_event, 256> events;
  const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < ready; ++i) {
    if (auto* readiness = static_cast<Readiness*>(events[static_cast<std::size_t>(i)].data.ptr)) {
      readiness->tell();
      continue;
    }
    std::uint64_t count;
    [[maybe_unused]] const auto got = read(wakeup_, &count, sizeof count);
  }
}

}  // namespace fallbackmx
