#include "milter/start_up.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "conf/brackets.h"
#include "probe/file_descriptor.h"

namespace fallbackmx {

std::string why_no_syslog(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  int why = 0;
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    const FileDescriptor client(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (client.get() < 0) return {};  // for want of descriptors nothing can be said
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return {};
    // EPROTOTYPE: the other type is right.
    if (errno != EPROTOTYPE) why = errno;
  }
  return why == ENOENT || why == ECONNREFUSED ? path + ": " + std::strerror(why) : std::string();
}

std::unique_ptr<Log> open_log(const Settings& settings, bool verbose) {
  const LogLevel least = verbose ? LogLevel::debug : LogLevel::info;
  bool to_stderr = settings.log_target == LogTarget::standard_error;
  if (const std::string why = to_stderr ? "" : why_no_syslog(_PATH_LOG); !why.empty()) {
    to_stderr = true;
    const std::string line = "fallbackmx-milter: no syslog (" + why +
                             "), so the log goes to standard error; log_target = stderr says that it shall\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  }
  if (to_stderr) return Log::to_stderr(least, settings.log_format);
  return Log::to_syslog(settings.syslog_name, settings.syslog_facility, least, settings.log_format);
}

BindAddresses bind_addresses(const Settings& settings) {
  namespace ip = boost::asio::ip;
  BindAddresses bind;
  boost::system::error_code error;
  const std::string v6(without_square_brackets(settings.smtp_bind_address6));
  if (!settings.smtp_bind_address.empty()) bind.v4 = ip::make_address(settings.smtp_bind_address, error);
  if (!v6.empty()) bind.v6 = ip::make_address(v6, error);
  return bind;
}

std::vector<std::string> need_restart(const Settings& now, const Settings& next) {
  std::vector<std::string> names;
  const auto note = [&names](bool changed, const char* name) {
    if (changed) names.emplace_back(name);
  };
  note(now.milter_socket != next.milter_socket, "milter_socket");
  note(now.milter_socket_mode != next.milter_socket_mode, "milter_socket_mode");
  note(now.milter_socket_group != next.milter_socket_group, "milter_socket_group");
  note(now.control_socket != next.control_socket, "control_socket");
  note(now.http_listen != next.http_listen, "http_listen");
  note(now.address_verify_map != next.address_verify_map, "address_verify_map");
  note(now.shared_verify_map != next.shared_verify_map, "shared_verify_map");
  note(now.shared_verify_password != next.shared_verify_password, "shared_verify_password");
  note(now.shared_verify_database != next.shared_verify_database, "shared_verify_database");
  note(now.shared_verify_prefix != next.shared_verify_prefix, "shared_verify_prefix");
  note(now.smtp_bind_address != next.smtp_bind_address, "smtp_bind_address");
  note(now.smtp_bind_address6 != next.smtp_bind_address6, "smtp_bind_address6");
  note(now.log_target != next.log_target, "log_target");
  note(now.log_format != next.log_format, "log_format");
  note(now.syslog_facility != next.syslog_facility, "syslog_facility");
  note(now.syslog_name != next.syslog_name, "syslog_name");
  return names;
}

}  // namespace fallbackmx
