// Reading the configuration: file, environment and command line in, Settings or every error at once out.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/parameters.h"

namespace fallbackmx {

struct ConfigSources {
  std::string file;                                              ///< path of milter.conf; empty for none
  std::vector<std::pair<std::string, std::string>> environment;  ///< FALLBACKMX_name=value, prefix removed
  std::vector<std::string> overrides;                            ///< -o name=value, in order
};

/// What came of it. `settings` is set only when there are no errors.
struct Config {
  std::shared_ptr<const Settings> settings;
  std::vector<std::string> errors;    ///< `milter.conf:12: ...`, in order of the file
  std::vector<std::string> warnings;  ///< parameters that mean something only to Postfix, and the like
  /// Name and value as written (after the last override) of everything that is set somewhere.
  std::vector<std::pair<std::string, std::string>> written;
};

/// Command line over environment over file over default. Never throws for bad input.
Config read_config(const ConfigSources&);

/// Those of the process's environment variables that begin with FALLBACKMX_.
std::vector<std::pair<std::string, std::string>> config_environment();

}  // namespace fallbackmx
