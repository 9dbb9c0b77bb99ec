#include "probe/verifier/backlog_worker.h"

#include <exception>
#include <utility>

namespace fallbackmx {

BacklogWorker::BacklogWorker(Clock& clock, Log& log, Ask ask)
    : clock_(clock), log_(log), ask_(std::move(ask)), sleeper_(clock.sleeper()) {
  thread_ = std::thread([this] { work_off(); });
}

BacklogWorker::~BacklogWorker() { stop(); }

void BacklogWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = stopping_ = true;
    if (sleeper_) sleeper_->wake();
  }
  if (thread_.joinable()) thread_.join();
}

void BacklogWorker::add(Backlog::Item item, SteadyTime due) {
  change([&] { backlog_.add(std::move(item), due); });
}

void BacklogWorker::hurry() {
  change([this] { backlog_.hurry(clock_.now()); });
}

void BacklogWorker::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

template <class Change>
void BacklogWorker::change(Change change) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const SteadyTime before = backlog_.due();
  change();
  if (backlog_.due() < before) sleeper_->wake();
}

/// The thread.
void BacklogWorker::work_off() {
  for (bool stopped = false; !stopped;) {
    try {
      stopped = !take_one_up();
    } catch (const std::exception&) {
      log_.error("a question in the background failed: out of memory, descriptors or threads");
      sleeper_->sleep_until(clock_.now() + std::chrono::seconds(1));
    }
  }
  const std::lock_guard lock(mutex_);
  sleeper_.reset();
}

/// Asks the next question that is due, or sleeps until one is; false when it is time to stop.
bool BacklogWorker::take_one_up() {
  std::optional<Backlog::Item> item;
  SteadyTime due{};
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    item = backlog_.take(clock_.now());
    due = backlog_.due();
  }
  if (!item) {
    sleeper_->sleep_until(due);
    return true;
  }
  const auto again = ask_(*item);
  const std::lock_guard lock(mutex_);
  if (again) backlog_.put_back(*std::move(item), *again);
  return true;
}

}  // namespace fallbackmx
