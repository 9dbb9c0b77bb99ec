#include "milter/usable_config.h"

#include "probe/tls.h"

namespace fallbackmx {

Config read_usable_config(const ConfigSources& sources) {
  Config config = read_config(sources);
  if (!config.settings) return config;
  if (const auto context = TlsContext::make(*config.settings); !context) {
    config.errors.push_back(context.error());
    config.settings.reset();
  }
  return config;
}

}  // namespace fallbackmx
