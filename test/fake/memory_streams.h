// Connections to scripted servers in memory, under virtual time.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probe/wire/stream.h"
#include "test/fake/scripted_server.h"
#include "test/fake/simulation.h"

namespace fallbackmx {

/// A network in which every packet takes half a round trip. Each write of a client is one segment, each piece
/// of a server's reply too. An endpoint where nothing was put to serve refuses. Used by all threads at once;
/// outlives its streams, and the simulation outlives it.
class MemoryStreamFactory final : public StreamFactory {
 public:
  explicit MemoryStreamFactory(Simulation& simulation, Span round_trip = std::chrono::milliseconds(10));
  ~MemoryStreamFactory() override;
  MemoryStreamFactory(const MemoryStreamFactory&) = delete;
  MemoryStreamFactory& operator=(const MemoryStreamFactory&) = delete;

  /// From now on `server` is at `address` (`192.0.2.1`) and `port`.
  void serve(const std::string& address, std::uint16_t port, std::shared_ptr<ScriptedServer> server);
  /// To be called after a change of a server's script.
  void servers_changed();
  /// Endpoints that were knocked at although nobody serves there.
  std::vector<std::string> strays() const;

  std::unique_ptr<Stream> connect(const Endpoint& to) override;

 private:
  class Connection;

  Simulation& simulation_;
  const Span one_way_;
  // Guarded by the simulation's lock:
  std::map<std::string, std::shared_ptr<ScriptedServer>> servers_;  ///< by Endpoint::key()
  std::set<std::weak_ptr<Connection>, std::owner_less<>> connections_;
  std::vector<std::string> strays_;
};

}  // namespace fallbackmx
