// The listening socket, and the thread in which libmilter's main loop runs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "milter/libmilter/kick.h"
#include "milter/libmilter/signals.h"
#include "milter/libmilter/socket_address.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// Once in a process's life: libmilter cannot be started again. Use: free_to_listen(), register_callbacks(),
/// open(), start(), stop(). For one thread.
class Listener {
 public:
  Listener(MilterSocket socket, int mode, std::string group)
      : socket_(std::move(socket)), mode_(mode), group_(std::move(group)) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// An error when somebody answers at our path, or something is there that is no socket. A socket at which
  /// nobody answers is the remainder of a daemon that was killed, and will be replaced.
  std::optional<Error> free_to_listen() const;

  /// Makes the socket, with its mode and group. Nobody is served before start().
  std::optional<Error> open();

  /// Begins to serve. When libmilter's loop ends and nobody called stop(), `signals` gets milter_ended.
  void start(Signals& signals);

  /// Accepts nobody from now on; false if libmilter's loop has not ended within the limit. Sessions in the
  /// middle of a command finish it, all others are abandoned.
  bool stop(Kick& kick, std::chrono::milliseconds limit);

  /// Removes the path, if it still is our socket.
  void remove();

 private:
  std::optional<Error> hand_over();

  const MilterSocket socket_;
  const int mode_;
  const std::string group_;
  std::optional<std::pair<dev_t, ino_t>> made_;  ///< what we made at the path
  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace fallbackmx
