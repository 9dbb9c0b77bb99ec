#include "probe/primary/session_threads.h"

#include <array>
#include <exception>
#include <thread>
#include <utility>

namespace fallbackmx {

namespace {

constexpr std::string_view cannot_start = "no SMTP session can be started";

}  // namespace

SessionThreads::SessionThreads(Clock& clock, std::mutex& lock, Roster& roster, Duties duties)
    : clock_(clock), lock_(lock), roster_(roster), duties_(std::move(duties)) {}

/// While another session is there, somebody takes what is queued: then this one is only missed.
void SessionThreads::launch(unsigned generation, std::optional<std::size_t> trial) noexcept {
  std::shared_ptr<Slot> slot;
  try {
    slot = roster_.add(clock_.sleeper_for_poll(), generation, trial);
    if (Slot* ending = std::exchange(ending_, nullptr)) {
      slot->thread = std::move(ending->thread);
      successor_ = slot;
    } else {
      slot->thread = std::thread([this, slot] { work(slot); });
    }
  } catch (const std::exception& trouble) {
    if (slot) roster_.remove(slot);
    if (roster_.empty()) duties_.give_up(cannot_start, trouble.what());
  }
}

/// A thread, from its beginning to its end.
void SessionThreads::work(std::shared_ptr<Slot> slot) noexcept {
  while (slot) slot = attend(slot);
}

/// Returns the session that its thread serves next, if any.
std::shared_ptr<SessionThreads::Slot> SessionThreads::attend(const std::shared_ptr<Slot>& slot) noexcept {
  std::array<char, 100> trouble{};
  try {
    duties_.serve(*slot);
  } catch (const std::exception& exception) {
    std::string_view(exception.what()).copy(trouble.data(), trouble.size() - 1);
  }
  const std::lock_guard lock(lock_);
  if (trouble.front() != '\0') duties_.give_up("an SMTP session ended", trouble.data());
  return end(slot);
}

std::shared_ptr<SessionThreads::Slot> SessionThreads::end(const std::shared_ptr<Slot>& slot) noexcept {
  roster_.retire(slot);
  ending_ = slot.get();
  try {
    duties_.relieve();
  } catch (const std::exception& trouble) {
    duties_.give_up(cannot_start, trouble.what());
  }
  ending_ = nullptr;
  slot->sleeper.reset();  // takes part until its successor does
  return std::exchange(successor_, nullptr);
}

void SessionThreads::join_ended() {
  Roster::Slots ended;
  {
    const std::lock_guard lock(lock_);
    ended = roster_.take_retired();
  }
  for (const auto& slot : ended) {
    if (slot->thread.joinable()) slot->thread.join();  // else it serves another
  }
}

void SessionThreads::join_all() {
  for (;;) {
    std::thread thread;
    {
      const std::lock_guard lock(lock_);
      const auto slot = roster_.next_to_join();
      if (!slot) return;
      thread = std::move(slot->thread);
    }
    if (thread.joinable()) thread.join();
  }
}

}  // namespace fallbackmx
