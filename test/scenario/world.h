// What a scenario is played in: a clock, a network, and servers on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "probe/base/clock.h"
#include "probe/wire/stream.h"
#include "test/fake/scripted_server.h"
#include "test/fake/words.h"

namespace fallbackmx {

/// Outlives everything that sleeps or connects in it.
class World {
 public:
  virtual ~World() = default;
  virtual Clock& clock() = 0;
  virtual StreamFactory& streams() = 0;

  /// Puts a server at an address and port.
  virtual void serve(const std::string& address, std::uint16_t port,
                     std::shared_ptr<ScriptedServer> server) = 0;
  /// To be called after a change of a server's script.
  virtual void servers_changed() = 0;
  /// Endpoints that were knocked at although nobody serves there.
  virtual std::vector<std::string> strays() const = 0;

  /// Lets time pass for the calling thread until `at`. `busy` says whether clients wait for answers: where
  /// time is not virtual, it may be skipped while none does.
  virtual void pass_until(Sleeper& sleeper, SteadyTime at, const std::function<bool()>& busy) = 0;
  /// Whether it comes true when what goes on now has gone on.
  virtual bool comes_true(Sleeper& sleeper, const std::function<bool()>& condition) = 0;
  virtual void jump_wall(std::chrono::seconds by) = 0;
  /// By how much an answer may come later than promised, for reasons of the machine.
  virtual Span tolerance() const = 0;
};

/// Virtual time and a network in memory.
std::unique_ptr<World> make_memory_world(Span round_trip);
/// Real sockets on the loopback interface, in time that is skipped while nobody waits.
std::unique_ptr<World> make_wire_world();

}  // namespace fallbackmx
