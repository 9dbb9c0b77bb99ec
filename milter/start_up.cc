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

namespace {

/// When each parameter takes effect; one that is not in the table is an error of the compiler's, below.
enum class Taken { at_start, with_shared, at_reload };
struct WhenTaken {
#define AT_START(name) static constexpr Taken name = Taken::at_start;
#define WITH_SHARED(name) static constexpr Taken name = Taken::with_shared;
#define AT_RELOAD(name) static constexpr Taken name = Taken::at_reload;
#include "milter/when_taken.def"
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
  return names;
}

}  // namespace fallbackmx
