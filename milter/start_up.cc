#include "milter/start_up.h"

#include <optional>

#include "conf/brackets.h"
#include "conf/host_lookup.h"

namespace fallbackmx {

namespace {

/// The address of inet_interfaces, if it has one of that protocol and not several.
IpAddress only_interface(const Settings& settings, bool v4) {
  namespace ip = boost::asio::ip;
  const IpAddress none = v4 ? IpAddress(ip::address_v4()) : IpAddress(ip::address_v6());
  std::optional<IpAddress> only;
  for (const std::string& word : settings.inet_interfaces) {
    boost::system::error_code error;
    const IpAddress address = ip::make_address(without_square_brackets(word), error);
    if (error || address.is_v4() != v4) continue;
    if (only) return none;
    only = address;
  }
  return only && !only->is_loopback() ? *only : none;
}

}  // namespace

std::unique_ptr<Log> open_log(const Settings& settings, bool verbose) {
  const LogLevel least = verbose ? LogLevel::debug : LogLevel::info;
  if (settings.log_target == LogTarget::standard_error) return Log::to_stderr(least, settings.log_format);
  return Log::to_syslog(settings.syslog_name, settings.syslog_facility, least, settings.log_format);
}

BindAddresses bind_addresses(const Settings& settings) {
  namespace ip = boost::asio::ip;
  BindAddresses bind{{only_interface(settings, true), "inet_interfaces"},
                     {only_interface(settings, false), "inet_interfaces"}};
  boost::system::error_code error;
  const bool enforce = settings.smtp_bind_address_enforce;
  const std::string v4(without_square_brackets(settings.smtp_bind_address));
  const std::string v6(without_square_brackets(settings.smtp_bind_address6));
  if (!v4.empty()) bind.v4 = {ip::make_address(v4, error), "smtp_bind_address", enforce};
  if (!v6.empty()) bind.v6 = {ip::make_address(v6, error), "smtp_bind_address6", enforce};
  return bind;
}

std::vector<std::string> bind_troubles(const Settings& settings) {
  const HostLookup used = host_lookup(settings);
  const BindAddresses bind = bind_addresses(settings);
  std::vector<std::string> troubles;
  if (used.ipv4) troubles.push_back(bind_trouble(bind.v4));
  if (used.ipv6) troubles.push_back(bind_trouble(bind.v6));
  std::erase(troubles, std::string());
  return troubles;
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
  note(now.smtp_bind_address_enforce != next.smtp_bind_address_enforce, "smtp_bind_address_enforce");
  note(only_interface(now, true) != only_interface(next, true) ||
           only_interface(now, false) != only_interface(next, false),
       "inet_interfaces");
  note(now.log_target != next.log_target, "log_target");
  note(now.log_format != next.log_format, "log_format");
  note(now.syslog_facility != next.syslog_facility, "syslog_facility");
  note(now.syslog_name != next.syslog_name, "syslog_name");
  return names;
}

}  // namespace fallbackmx
