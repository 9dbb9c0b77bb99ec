#include "test/soak/stream.h"

#include "test/soak/client.h"

namespace fallbackmx::soak {
namespace {

constexpr int senders = 40;

/// After the first deferral soon, then later and later.
std::chrono::seconds retry_delay(int attempts) { return std::chrono::seconds(std::min(3 * attempts, 15)); }

}  // namespace

Stream::Stream(Where where, Ledger& ledger, Population& population, double rate)
    : where_(std::move(where)), ledger_(ledger), population_(population) {
  threads_.emplace_back([this, rate] { flow(rate); });
  for (int i = 0; i < senders; ++i) threads_.emplace_back([this] { send_when_due(); });
}

Stream::~Stream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& each : threads_) each.join();
}

void Stream::flow(double rate) {
  const auto between = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  for (Time next = Clock::now(); !stopping_ && !ebbing_; next += between) {
    std::this_thread::sleep_until(next);
    const long number = ledger_.open(population_.somebody());
    const std::lock_guard lock(mutex_);
    due_.insert({Clock::now(), {number, 0}});
    changed_.notify_one();
  }
}

void Stream::send_when_due() {
  enter_network(where_.network);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = due_.begin();
    if (first->first > Clock::now()) {
      changed_.wait_until(lock, Time(first->first));
      continue;
    }
    const Due due = first->second;
    due_.erase(first);
    lock.unlock();
    send(due.number, due.attempts + 1);
    lock.lock();
  }
}

void Stream::send(long number, int attempts) {
  ++attempts_;
  const Attempt attempt = attempt_delivery(where_.fallback, number, ledger_.recipient_of(number));
  if (attempt.answer) ledger_.hear(*attempt.answer);
  if (attempt.queue_id) return ledger_.taken(number, *attempt.queue_id);
  if (attempt.refused) return ledger_.refused(number);
  const std::lock_guard lock(mutex_);
  due_.insert({Clock::now() + retry_delay(attempts), {number, attempts}});
  changed_.notify_one();
}

}  // namespace fallbackmx::soak
