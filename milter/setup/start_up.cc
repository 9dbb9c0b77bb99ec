#include "milter/setup/start_up.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "conf/host_lookup.h"
#include "probe/base/brackets.h"
#include "probe/base/file_descriptor.h"

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
    if (error) return none;  // all of them, or a name, which may have several
    if (address.is_v4() != v4) continue;
    if (only) return none;
    only = address;
  }
  return only && !only->is_loopback() ? *only : none;
}

}  // namespace

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

namespace {

/// When each parameter takes effect; one that is not in the table is an error of the compiler's, below.
enum class Taken { at_start, with_shared, at_reload };
struct WhenTaken {
#define AT_START(name) static constexpr Taken name = Taken::at_start;
#define WITH_SHARED(name) static constexpr Taken name = Taken::with_shared;
#define AT_RELOAD(name) static constexpr Taken name = Taken::at_reload;
#include "milter/setup/when_taken.def"
#undef AT_START
#undef WITH_SHARED
#undef AT_RELOAD
};

}  // namespace

std::vector<std::string> need_restart(const Settings& now, const Settings& next) {
  std::vector<std::string> names;
  const bool shared = !now.shared_verify_map.empty();
  const auto note = [&](Taken taken, bool changed, const char* name) {
    const bool waits = taken == Taken::at_start || (taken == Taken::with_shared && shared);
    if (waits && changed) names.emplace_back(name);
  };
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help) \
  note(WhenTaken::name, !(now.name == next.name), #name);
#include "conf/parameters.def"
#undef PARAMETER
#undef SECTION
  // Where the only interface of a family decides where probes come from.
  if (only_interface(now, true) != only_interface(next, true) ||
      only_interface(now, false) != only_interface(next, false))
    names.emplace_back("inet_interfaces");
  return names;
}

}  // namespace fallbackmx
