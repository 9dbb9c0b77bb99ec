// Who is let in when descriptors are running out.
//
// libmilter calls accept(2) again at once when there is no descriptor for a client, which takes a processor's
// whole time until one is free, and httplib ends its server at some errors. Both would fill the last
// descriptor with clients, and leave none for the probes, the DNS and the verify database that answer them.
// So they are given an accept() of ours (admission.cc): the program's comes before the C library's for every
// library that it is linked with.
#pragma once

#include <atomic>

#include "probe/base/log.h"

namespace fallbackmx {

/// Descriptors kept from clients, as long as the limit allows it (a quarter of it at most).
constexpr int reserved_descriptors = 64;

/// Says in a log what becomes of clients, once in a while. One at a time; there is none in a test or in the
/// operator's command, and then nothing is said. Used by all threads.
class Admission {
 public:
  /// `log` lives as long as this does.
  explicit Admission(Log& log);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// What accept(2) is meant to be: a new connection's descriptor; or -1, and errno is EMFILE whenever it is
  /// worth trying again, which may be done at once: it has waited as long as is good. A client who would take
  /// one of the descriptors in reserve finds his connection closed, and his MTA does what it does without us.
  static int accept(int listening, void* from, unsigned* size);
  /// What this thread has accepted last; -1 for nothing.
  static int last_accepted();

 private:
  void turned_away() noexcept;
  void let_in() noexcept;

  Log& log_;
  std::atomic<bool> said_{false};  ///< that they are turned away, and not yet that this is over
  std::atomic<SteadyTime> quiet_until_{SteadyTime::min()};
};

}  // namespace fallbackmx
