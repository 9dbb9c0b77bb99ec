// What the daemon takes from the settings once, when it starts; and therefore which changes take a restart.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "probe/base/log.h"
#include "probe/wire/stream.h"

namespace fallbackmx {

/// Why nobody reads what is sent to the syslog socket: `/dev/log: No such file or directory`; empty when
/// somebody does.
std::string why_no_syslog(const std::string& path);

/// By log_target, log_format, syslog_name and syslog_facility. Where there is no syslog, to standard error,
/// which one line there says.
std::unique_ptr<Log> open_log(const Settings&, bool verbose);

/// By smtp_bind_address and smtp_bind_address6, which the configuration has checked; without them, as in
/// Postfix, by inet_interfaces where it has one single address of that protocol, not of the loopback.
BindAddresses bind_addresses(const Settings&);

/// A sentence for each of them that cannot be had now.
std::vector<std::string> bind_troubles(const Settings&);

/// The names of parameters that differ, and whose change a running daemon cannot follow.
std::vector<std::string> need_restart(const Settings& now, const Settings& next);

}  // namespace fallbackmx
