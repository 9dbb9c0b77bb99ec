#include "milter/setup/usable_config.h"

#include <fmt/format.h>

#include "conf/rewriting_tables.h"
#include "probe/mail/next_hop.h"
#include "probe/store/redis_connection.h"
#include "probe/wire/tls.h"

namespace fallbackmx {

namespace {

/// What no primary is found by. Those that are asked by LMTP have a grammar of their own.
std::vector<std::string> wrong_next_hops(const Settings& settings) {
  std::vector<std::string> errors;
  const auto look = [&](std::string_view parameter, const auto& next_hops) {
    for (const auto& [where, next_hop] : next_hops) {
      if (next_hop.starts_with("lmtp:")) continue;
      if (const auto parsed = parse_next_hops(next_hop); !parsed)
        errors.push_back(fmt::format("{}: {}: {}", parameter, where, parsed.error()));
    }
  };
  look("recipient_policy_maps", settings.recipient_policy_maps.next_hops());
  look("address_verify_transport_maps", settings.address_verify_transport_maps.next_hops());
  return errors;
}

}  // namespace

Config read_usable_config(const ConfigSources& sources) {
  Config config = read_config(sources);
  if (!config.settings) return config;
  const std::string& shared = config.settings->shared_verify_map;
  if (const auto server = RedisServer::parse(shared); !shared.empty() && !server) {
    config.errors.push_back("shared_verify_map: " + server.error());
    config.settings.reset();
    return config;
  }
  for (auto& error : wrong_next_hops(*config.settings)) config.errors.push_back(std::move(error));
  if (!config.errors.empty()) {
    config.settings.reset();
    return config;
  }
  if (const auto context = TlsContext::make(*config.settings); !context) {
    config.errors.push_back(context.error());
    config.settings.reset();
    return config;
  }
  config.rewriting = open_rewriting_tables(*config.settings, config.warnings);
  return config;
}

}  // namespace fallbackmx
