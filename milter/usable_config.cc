#include "milter/usable_config.h"

#include "conf/rewriting_tables.h"
#include "probe/redis_connection.h"
#include "probe/tls.h"

namespace fallbackmx {

Config read_usable_config(const ConfigSources& sources) {
  Config config = read_config(sources);
  if (!config.settings) return config;
  const std::string& shared = config.settings->shared_verify_map;
  if (const auto server = RedisServer::parse(shared); !shared.empty() && !server) {
    config.errors.push_back("shared_verify_map: " + server.error());
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
