// A connection in memory, as its client sees it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "probe/wire/stream.h"
#include "test/fake/simulation.h"

namespace fallbackmx {

/// Made by a network, which plays the server's part. Guarded by the simulation's lock.
class MemoryConnection {
 public:
  using Lock = Simulation::Lock;

  MemoryConnection() = default;
  virtual ~MemoryConnection() = default;
  MemoryConnection(const MemoryConnection&) = delete;
  MemoryConnection& operator=(const MemoryConnection&) = delete;

  /// The client writes, all in one segment.
  virtual void send(const Lock& lock, std::string bytes) = 0;
  /// The client has let go of it.
  virtual void hang_up(const Lock& lock) = 0;

  /// To be set by the network, and read by the client.
  bool connected = false, closed = false, lost = false;
  std::string trouble;
  std::deque<std::string> inbox;  ///< segments that have arrived
  std::size_t read = 0;           ///< bytes, by the client

 protected:
  /// The first trouble is the cause of the others.
  void fail(std::string why) {
    if (trouble.empty()) trouble = std::move(why);
  }
};

/// The client's end. The simulation outlives it.
std::unique_ptr<Stream> client_of(Simulation& simulation, std::shared_ptr<MemoryConnection> connection);

}  // namespace fallbackmx
