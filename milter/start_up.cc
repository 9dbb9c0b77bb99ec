#include "milter/start_up.h"

#include "conf/brackets.h"

namespace fallbackmx {

std::unique_ptr<Log> open_log(const Settings& settings, bool verbose) {
  const LogLevel least = verbose ? LogLevel::debug : LogLevel::info;
  if (settings.log_target == LogTarget::standard_error) return Log::to_stderr(least, settings.log_format);
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
