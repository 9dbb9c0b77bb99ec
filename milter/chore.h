// A piece of work that is done again whenever somebody asks for it, in a thread of its own: for what may hang
// (a disk, a file system), asked for by a thread that must not.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace fallbackmx {

/// For one thread that asks. The work does not throw, and what it uses outlives the process: a piece that
/// hangs is left behind.
class Chore {
 public:
  /// Makes the thread; throws when there is none.
  explicit Chore(std::function<void()> work);
  /// Like rest(), without any patience.
  ~Chore();
  Chore(const Chore&) = delete;
  Chore& operator=(const Chore&) = delete;

  /// Has it done, soon. While it is being done: once more after that, however often somebody asks.
  void ask() noexcept;
  /// No more of it from now on. True when none is being done any longer within the limit.
  bool rest(std::chrono::milliseconds limit);

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  ///< the thread's too, which may outlive this
};

/// Does it in a thread of its own, or in this one when there is none to be had, or no memory. False: it has
/// not ended within the limit, and is left behind.
bool done_within(std::chrono::milliseconds limit, const std::function<void()>& work);

}  // namespace fallbackmx
