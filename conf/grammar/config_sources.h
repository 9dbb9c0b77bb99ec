// Where the configuration comes from.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fallbackmx {

/// A value.
struct ConfigSources {
  std::string file;                                              ///< path of milter.conf; empty for none
  std::vector<std::pair<std::string, std::string>> environment;  ///< FALLBACKMX_name=value, prefix removed
  std::vector<std::string> overrides;                            ///< -o name=value, in order
};

inline constexpr std::string_view environment_prefix = "FALLBACKMX_";

/// This file, and the process's environment. Without a file the usual one, /etc/fallbackmx/milter.conf, where
/// access(2) grants it: a machine that is configured by the environment alone needs none. `how` is F_OK, or
/// R_OK for those who can do without a file that they may not read.
ConfigSources config_sources(std::string file, int how);

/// Those of the process's environment variables that begin with FALLBACKMX_, by name.
std::vector<std::pair<std::string, std::string>> config_environment();

}  // namespace fallbackmx
