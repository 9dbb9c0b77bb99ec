#include "test/fake/simulation.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

namespace fallbackmx {

namespace {

// Far from zero, so that "a day ago" can be said without going below it.
constexpr SteadyTime beginning{std::chrono::hours(24 * 365)};
constexpr WallTime wall_beginning{std::chrono::seconds(1767225600)};  // 2026-01-01 00:00:00 UTC

// Real time that a participant may run without sleeping or ending.
constexpr std::chrono::seconds stall_patience{60};

}  // namespace

class Simulation::Place final : public Sleeper {
 public:
  explicit Place(Simulation& simulation) : simulation_(simulation) {
    const auto lock = simulation_.lock();
    simulation_.places_.insert(this);
  }

  ~Place() override {
    auto lock = simulation_.lock();
    simulation_.places_.erase(this);
    simulation_.settle(lock);
  }

  void wake() noexcept override {
    const auto lock = simulation_.lock();
    woken = true;
    bell.notify_one();
  }

  bool sleep_until(SteadyTime deadline) override { return simulation_.sleep(*this, deadline, {}); }

  bool roused() const { return woken || (ready && *ready && (*ready)()); }

  std::condition_variable bell;
  std::optional<std::thread::id> thread;  ///< that slept here last; none: it has not started yet
  bool asleep = false, woken = false;
  SteadyTime until{};
  const Condition* ready = nullptr;

 private:
  Simulation& simulation_;
};

class Simulation::Watcher final : public Poller {
 public:
  explicit Watcher(Simulation& simulation) : simulation_(simulation), place_(simulation) {}

  void wake() noexcept override { place_.wake(); }
  void add(Readiness& readiness) override { watched_.push_back(&readiness); }
  void forget(Readiness& readiness) noexcept override { std::erase(watched_, &readiness); }

  void wait(SteadyTime until) override {
    const auto ready = [](const Readiness* each) { return each->awaited() && each->fulfilled(); };
    simulation_.sleep(place_, until, [&] { return std::any_of(watched_.begin(), watched_.end(), ready); });
    std::vector<Readiness*> told;
    {
      const auto lock = simulation_.lock();
      std::copy_if(watched_.begin(), watched_.end(), std::back_inserter(told), ready);
    }
    for (Readiness* each : told) each->tell();
  }

 private:
  Simulation& simulation_;
  Place place_;
  std::vector<Readiness*> watched_;  ///< in order of age; changes only while this is not asleep
};

Simulation::Simulation(std::chrono::seconds patience) : patience_(patience), now_(beginning) {}
Simulation::~Simulation() = default;

WallTime Simulation::wall() const {
  const auto since = std::chrono::duration_cast<WallTime::duration>(elapsed());
  return wall_beginning + since + wall_jump_.load();
}

std::unique_ptr<Sleeper> Simulation::sleeper() { return std::make_unique<Place>(*this); }
std::unique_ptr<Poller> Simulation::poller() { return std::make_unique<Watcher>(*this); }

std::chrono::nanoseconds Simulation::elapsed() const { return now() - beginning; }

void Simulation::schedule(const Lock&, SteadyTime at, Event event) {
  events_.emplace(std::max(at, now()), std::move(event));
}

bool Simulation::sleep(Sleeper& sleeper, SteadyTime deadline, const Condition& ready) {
  auto& place = dynamic_cast<Place&>(sleeper);
  auto guard = lock();
  place.thread = std::this_thread::get_id();
  place.until = deadline;
  place.ready = &ready;
  place.asleep = true;
  settle(guard);

  auto seen = now();
  std::chrono::seconds waited{0};
  while (!awake(place)) {
    if (place.bell.wait_for(guard, std::chrono::seconds(1)) == std::cv_status::no_timeout) continue;
    if (now() != seen) waited = {};
    seen = now();
    waited += std::chrono::seconds(1);
    if (idle() && waited >= patience_) give_up("everybody sleeps and nothing will ever wake them");
    if (waited >= stall_patience) give_up("somebody takes part but neither sleeps nor ends");
  }

  place.asleep = false;
  const bool roused = place.roused();
  place.woken = false;
  place.ready = nullptr;
  return roused;
}

bool Simulation::awake(const Place& place) const {
  return !place.asleep || place.until <= now() || place.roused();
}

/// True when all participants sleep and none has a reason not to. A thread with several sleepers sleeps on
/// one of them.
bool Simulation::idle() const {
  if (places_.empty()) return false;
  std::set<std::thread::id> asleep;
  for (const auto* place : places_) {
    if (place->asleep && awake(*place)) return false;
    if (place->asleep) asleep.insert(*place->thread);
  }
  return std::all_of(places_.begin(), places_.end(), [&](const Place* place) {
    return place->asleep || (place->thread && asleep.contains(*place->thread));
  });
}

/// Goes on to the next thing that is due; false when there is none.
bool Simulation::advance(Lock& guard) {
  auto next = SteadyTime::max();
  for (const auto* place : places_) {
    if (place->asleep) next = std::min(next, place->until);
  }
  if (!events_.empty()) next = std::min(next, events_.begin()->first);
  if (next == SteadyTime::max()) return false;

  now_ = std::max(now(), next);
  while (!events_.empty() && events_.begin()->first <= now()) {
    const auto event = std::move(events_.extract(events_.begin()).mapped());
    event(guard);
  }
  return true;
}

/// To be called whenever a participant stops running: the last one to do so moves time on.
void Simulation::settle(Lock& guard) {
  while (idle() && advance(guard)) {
  }
  for (auto* place : places_) {
    if (place->asleep && awake(*place)) place->bell.notify_one();
  }
}

void Simulation::give_up(const char* what) const {
  std::ostringstream message;
  message << "simulation: " << what << "; at " << std::chrono::duration<double>(elapsed()).count() << " s, "
          << events_.size() << " events to come, sleepers:\n";
  for (const auto* place : places_) {
    message << "  " << static_cast<const void*>(place) << ": ";
    if (!place->thread) {
      message << "made, but no thread has slept here yet\n";
      continue;
    }
    message << "thread " << *place->thread << (place->asleep ? " asleep" : " awake");
    if (place->asleep && place->until == SteadyTime::max()) message << " for ever";
    if (place->asleep && place->until != SteadyTime::max()) {
      message << " until " << std::chrono::duration<double>(place->until - beginning).count() << " s";
    }
    message << '\n';
  }
  std::fputs(message.str().c_str(), stderr);
  std::abort();
}

}  // namespace fallbackmx
