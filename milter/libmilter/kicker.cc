#include "milter/libmilter/kicker.h"

#include <algorithm>
#include <utility>

namespace fallbackmx {

namespace {

/// The worker that a kick sets free may take a queued command that waits, too, and needs another kick to be
/// replaced: several at once get through a queue of such commands in a fraction of the time.
constexpr std::size_t most_at_once = 4;

}  // namespace

std::size_t Standstill::kicks() {
  if (ended_ != ended_before_ || !std::exchange(possible_, false)) return 0;
  return std::min(waiting_, most_at_once);
}

Kicker::Kicker(Kick& kick, std::chrono::milliseconds patience)
    : kick_(kick), patience_(patience), thread_([this] { run(); }) {}

Kicker::~Kicker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  begun_.notify_one();
  stop_.notify_one();
  thread_.join();
}

void Kicker::wait_begins() {
  {
    const std::lock_guard lock(mutex_);
    standstill_.wait_begins();
  }
  begun_.notify_one();  // no system call while the thread has patience: then it listens to stop_ alone
}

void Kicker::wait_ends() {
  const std::lock_guard lock(mutex_);
  standstill_.wait_ends();
}

void Kicker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [this] { return standstill_.possible() || stopping_; });
    standstill_.watch();
    if (stop_.wait_for(lock, patience_, [this] { return stopping_; })) return;
    const std::size_t kicks = standstill_.kicks();
    lock.unlock();
    for (std::size_t i = 0; i < kicks; ++i) kick_.now();
    lock.lock();
  }
}

}  // namespace fallbackmx
