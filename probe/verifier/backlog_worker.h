// Asks in nobody's time about the recipients of the backlog.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "probe/base/clock.h"
#include "probe/base/log.h"
#include "probe/verifier/backlog.h"

namespace fallbackmx {

/// Owns the backlog, and a thread that takes up one item after the other. Used by many threads at once.
class BacklogWorker {
 public:
  /// Asks about an item, on the worker's thread; when it is to be asked again later, at what time. What it
  /// throws is logged, and the item given up.
  using Ask = std::function<std::optional<SteadyTime>(const Backlog::Item&)>;

  BacklogWorker(Clock& clock, Log& log, Ask ask);
  /// Stops.
  ~BacklogWorker();
  BacklogWorker(const BacklogWorker&) = delete;
  BacklogWorker& operator=(const BacklogWorker&) = delete;

  /// As Backlog has them.
  void add(Backlog::Item item, SteadyTime due);
  void hurry();
  /// From now on nothing is added.
  void close();
  /// Asks nothing any more, and waits for the question at hand.
  void stop();

 private:
  template <class Change>
  void change(Change change);
  void work_off();
  bool take_one_up();

  Clock& clock_;
  Log& log_;
  const Ask ask_;
  std::mutex mutex_;
  Backlog backlog_;
  bool closed_ = false, stopping_ = false;
  std::unique_ptr<Sleeper> sleeper_;
  std::thread thread_;
};

}  // namespace fallbackmx
