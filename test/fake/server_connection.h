// A session of a scripted server with the TLS it may put on: bytes in, bytes out. What is left for a carrier,
// in memory or over sockets, is to move them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"
#include "test/fake/server_session.h"
#include "test/fake/server_tls.h"

namespace fallbackmx {

/// Owned by one thread.
class ServerConnection {
 public:
  enum class End { none, close, reset };
  struct Output {
    std::string bytes;
    End end = End::none;
  };

  ServerConnection(std::shared_ptr<ScriptedServer> server, SteadyTime now);

  void receive(std::string_view bytes, SteadyTime now);
  void client_closed(SteadyTime now, SteadyTime heard_until = SteadyTime::max()) {
    session_.client_closed(now, heard_until);
  }

  /// When take() will have something to send or to do; a time in the past means at once.
  std::optional<SteadyTime> next() const;
  /// The next thing that is due; none if nothing is.
  std::optional<Output> take(SteadyTime now);

 private:
  /// TLS comes before the greeting.
  bool silent_before_tls() const { return tls_ && server_->tls().wrapped && !tls_->established(); }

  const std::shared_ptr<ScriptedServer> server_;
  ServerSession session_;
  std::unique_ptr<ServerTls> tls_;
  std::string ready_;  ///< of TLS, to be sent at once
  bool established_ = false;
};

}  // namespace fallbackmx
