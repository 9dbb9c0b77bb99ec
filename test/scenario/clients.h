// Those who ask in a scenario: each client in a thread of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "conf/parameters.h"
#include "probe/dns/dns.h"
#include "probe/verifier/verifier.h"
#include "test/scenario/scenario.h"
#include "test/scenario/story.h"
#include "test/scenario/world.h"

namespace fallbackmx {

/// What clients ask, and what becomes of it; all of it outlives them.
struct ClientsServices {
  World& world;
  Resolver& resolver;
  Verifier& verifier;
  std::function<std::shared_ptr<const Settings>()> settings;
  Story& story;
  /// Whether a count that stands behind an answer is as it should be.
  std::function<void(std::size_t line, const Count&)> check;
  Sleeper& director;  ///< is woken when somebody has an answer
};

/// Used by the director's thread. An answer that is not as its step wants it disappoints.
class Clients {
 public:
  explicit Clients(ClientsServices services) : services_(std::move(services)) {}
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// As many as the step has, at once.
  void start(std::size_t line, const RcptStep& rcpt);
  /// Some have no answer yet.
  bool waiting() const { return waiting_ > 0; }
  /// All that were started have asked.
  bool have_asked() const { return starting_ == 0; }
  /// When nobody waits any more.
  void join();

 private:
  class Asking;
  struct Asker {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  void start_one(std::size_t line, const RcptStep& rcpt, std::size_t number);
  void live(std::size_t line, const RcptStep& rcpt, std::size_t number, std::unique_ptr<Sleeper> sleeper);
  void ask(std::size_t line, const RcptStep& rcpt, std::size_t number);

  const ClientsServices services_;
  std::atomic<int> waiting_ = 0, starting_ = 0;
  std::list<Asker> askers_;
};

}  // namespace fallbackmx
