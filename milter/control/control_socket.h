// The daemon's end of the control socket: who may connect, and how long he may take.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "probe/base/result.h"

namespace fallbackmx {

/// Who asks, by SO_PEERCRED: as he was when he connected.
struct ControlPeer {
  uid_t user = static_cast<uid_t>(-1);
  pid_t process = 0;

  /// Root and the daemon's own user may change something; for the others the socket's mode decides whether
  /// they may look.
  bool may_change() const;
};

/// Takes the line of a request, without its end, and gives that of the reply. Called by several threads at
/// once.
using ControlAnswer = std::function<std::string(std::string_view line, const ControlPeer&)>;

/// Serves from the moment it is made until it is destroyed, each connection in a thread of its own, request
/// after request. Whoever is slow, sends rubbish or nothing at all is hung up on, and nobody hears of him:
/// connections without a word are what health checks and port scanners make. Of too many at one time, the
/// later ones wait.
class ControlSocket {
 public:
  /// How long a request may take to arrive, and a reply to be read.
  static constexpr std::chrono::milliseconds usual_patience{5000};

  /// Makes the socket (0660; its directory too, if only that is missing), and replaces one at which nobody
  /// answers. An Error when that cannot be done.
  static Result<std::unique_ptr<ControlSocket>> open(const std::string& path, ControlAnswer answer,
                                                     std::chrono::milliseconds patience = usual_patience);
  /// Hangs up on everybody, and waits until those who are being answered have their answer. Removes the
  /// path, if it still is our socket.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

 private:
  class Impl;
  explicit ControlSocket(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fallbackmx
