// What has been learned about the habits of the servers of a destination; survives its sessions.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/mail/endpoint.h"

namespace fallbackmx {

/// Of one server, at one address. A value.
struct Habits {
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
  static constexpr SteadyTime never{-std::chrono::hours(24 * 365)};

  bool no_pipelining = false;  ///< advertises it, and answers 503, or loses commands
  /// A session broke or stalled behind pipelined commands: the next one shows whether that was the reason.
  bool pipelining_suspected = false;
  bool fallback_sender = false;     ///< refuses address_verify_sender: ask with probe_fallback_sender
  bool takes_first_sender = false;  ///< has accepted a recipient under address_verify_sender
  std::chrono::milliseconds greeting_took{0};  ///< when that was a second or more: postscreen, greet pause
  /// When it last accepted or refused a recipient, and with pipelined commands; long ago: never.
  SteadyTime answered_at = never, answered_pipelined_at = never;
  /// When "not now" (4.3.x) was said again on a new connection.
  SteadyTime reconnecting_is_no_use_at = never;

  /// The sender of probes, without brackets; `own` is that of the destination, if it has one.
  std::string probe_sender(const Settings&, const std::optional<std::string>& own = {}) const;
  /// The same before it has refused any.
  static std::string first_sender(const Settings&, const std::optional<std::string>& own = {});

  /// The transactions that it puts up with in one session. Exim counts each RSET as a "nonmail" command, and
  /// drops the connection after ten (smtp_accept_max_nonmail).
  std::size_t most_transactions(SteadyTime now) const { return now < until_ ? most_transactions_ : no_limit; }
  /// It ended a session at RSET after so many that went well. Remembered for an hour. One is kept for a
  /// control recipient, which comes on top of the probes.
  void hung_up_after(std::size_t transactions, SteadyTime now);
  /// The recipients that it refuses in one session before it hangs up, answers 421, or slows down.
  std::size_t most_rejections(SteadyTime now) const {
    return now < rejections_until_ ? most_rejections_ : no_limit;
  }
  /// It ended a session after so many refusals. Remembered for an hour.
  void hung_up_after_rejections(std::size_t rejections, SteadyTime now);

  SteadyTime no_tls_until{};  ///< its TLS sessions break at level `may`: plaintext until then

  std::string alarm;  ///< the kind of the last alarm, until it is well again
  SteadyTime alarmed_at{};
  std::size_t held_back = 0;  ///< alarms of that kind that were not raised since

 private:
  std::size_t most_transactions_ = no_limit;
  SteadyTime until_{};
  std::size_t most_rejections_ = no_limit;
  SteadyTime rejections_until_{};
};

/// Whether an alarm about one of these servers is to be raised. Not when it was the last one about this
/// server, within an hour, and it has not been well since; nor when it has just been raised about another
/// address of the same host, because a probe asks them one after the other. `habits` and `endpoints` go
/// together.
bool is_news(std::vector<Habits>& habits, const std::vector<Endpoint>& endpoints, std::size_t endpoint,
             const std::string& alarm, SteadyTime now);

}  // namespace fallbackmx
