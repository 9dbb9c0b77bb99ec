// The real TCP streams, led from a scenario's made-up addresses to scripted servers on the loopback
// interface.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "probe/wire/stream.h"
#include "test/fake/jump_clock.h"
#include "test/fake/wire_server.h"

namespace fallbackmx {

/// Endpoints that nobody serves refuse. The state `drop` is not for real sockets: such a server refuses, too.
/// Used by all threads at once.
class WireStreamFactory final : public StreamFactory {
 public:
  explicit WireStreamFactory(JumpClock& clock) : wire_(clock) {}

  /// From now on `server` is at `address` (`192.0.2.1`) and `port`.
  void serve(const std::string& address, std::uint16_t port, std::shared_ptr<ScriptedServer> server);
  WireServer& wire() { return wire_; }
  /// Endpoints that were knocked at although nobody serves there.
  std::vector<std::string> strays() const;

  std::unique_ptr<Stream> connect(const Endpoint& to) override;

 private:
  struct Place {
    std::shared_ptr<ScriptedServer> server;
    std::uint16_t port = 0;
  };

  WireServer wire_;
  TcpStreamFactory tcp_;
  mutable std::mutex mutex_;             ///< protects what follows
  std::map<std::string, Place> places_;  ///< by Endpoint::key()
  std::vector<std::string> strays_;
};

}  // namespace fallbackmx
