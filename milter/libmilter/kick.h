// The cure for a lost wake-up in libmilter's pool of workers.
//
// When descriptors become readable, libmilter's controller hands each session to an idle worker, but its
// count of idle workers falls only when a worker wakes. So commands that arrive together may all be handed to
// the same worker, and wait behind its callback, for as long as that blocks (measured: up to 50 s). A queued
// session is served when any worker finishes a callback and looks through the list again; so we see to it
// that one does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "milter/libmilter/socket_address.h"
#include "probe/base/log.h"

namespace fallbackmx {

/// Opens and closes a connection to our own milter socket. That makes a worker run, meet the end of the
/// connection at once, and serve whoever was queued to a busy one; libmilter starts a worker for it when none
/// is idle. One that is counted as idle and is not will take a queued session first, and if that blocks, the
/// kick for that one comes after. Reaches no callback but xxfi_close. Used by all threads.
class Kick {
 public:
  Kick(SocketAddress own_socket, Log& log) : own_socket_(own_socket), log_(log) {}

  /// When to: see Kicker. Trouble (no descriptor left) is ignored: see SpareSession.
  void now() noexcept;

 private:
  const SocketAddress own_socket_;
  Log& log_;
  std::atomic<bool> lost_{false};  ///< somebody else listens at our path: leave him alone
};

/// One milter session of our own, poked once a second: the net for when descriptors have run out and kicks
/// fail. Its pokes finish a callback, too, and as long as they are answered the service manager hears that we
/// are alive. Open it between smfi_opensocket() and smfi_main().
class SpareSession {
 public:
  SpareSession(SocketAddress own_socket, Kick& kick);
  /// Ends the thread and the session.
  ~SpareSession();
  SpareSession(const SpareSession&) = delete;
  SpareSession& operator=(const SpareSession&) = delete;

 private:
  void run();
  void open();
  void close();
  void poke();

  const SocketAddress own_socket_;
  Kick& kick_;
  int socket_ = -1;          ///< the thread's own, once it runs
  bool unanswered_ = false;  ///< likewise
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace fallbackmx
