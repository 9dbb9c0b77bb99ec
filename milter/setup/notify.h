// Telling the service manager how we are (sd_notify(3), by hand: one datagram).
#pragma once

#include <string_view>

namespace fallbackmx {

/// Sends `state` to the socket in $NOTIFY_SOCKET, if there is one: "READY=1", "STOPPING=1", ... Trouble is
/// ignored: a service manager that does not listen is no reason not to serve mail.
void notify(std::string_view state) noexcept;

/// "RELOADING=1" with the time stamp that Type=notify-reload wants; "READY=1" ends it.
void notify_reloading() noexcept;

/// "WATCHDOG=1" for a service manager that wants to be told ($WATCHDOG_USEC), or else restarts us.
void notify_alive() noexcept;

}  // namespace fallbackmx
