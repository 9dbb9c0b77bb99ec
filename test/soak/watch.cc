#include "test/soak/watch.h"

namespace fallbackmx::soak {
namespace {

constexpr std::chrono::seconds between_looks{1}, restful{5};

}  // namespace

void Watch::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Watch::look() {
  pid_t dead = 0;
  for (; !stopping_; std::this_thread::sleep_for(between_looks)) {
    const pid_t daemon = bed_.daemon();
    if (daemon == 0 || daemon == dead) continue;
    const Vitals vitals = vitals_of(daemon);
    record_.add(vitals);
    // An order to kill it may be under way; the line is not free before it is done.
    if (vitals.kilobytes != 0 || bed_.daemon() != daemon) continue;
    dead = daemon;
    deaths_.push_back("process " + std::to_string(daemon) + " is gone, and nobody killed it");
  }
}

Vitals at_rest(const BedLine& bed, const Vitals& most, Clock::duration patience) {
  Vitals last = vitals_of(bed.daemon());
  Time since = Clock::now();
  for (const Time end = since + patience; Clock::now() < end;) {
    std::this_thread::sleep_for(milliseconds(200));
    const Vitals now = vitals_of(bed.daemon());
    if (now.descriptors != last.descriptors || now.threads != last.threads) since = Clock::now();
    last = now;
    const bool little = now.descriptors <= most.descriptors && now.threads <= most.threads;
    if ((most.process == 0 || little) && Clock::now() - since > restful) break;
  }
  return last;
}

}  // namespace fallbackmx::soak
