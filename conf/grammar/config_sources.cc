#include "conf/grammar/config_sources.h"

#include <unistd.h>

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr auto usual_file = "/etc/fallbackmx/milter.conf";

}  // namespace

ConfigSources config_sources(std::string file, int how) {
  ConfigSources sources;
  sources.file = std::move(file);
  if (sources.file.empty() && access(usual_file, how) == 0) sources.file = usual_file;
  sources.environment = config_environment();
  return sources;
}

std::vector<std::pair<std::string, std::string>> config_environment() {
  std::vector<std::pair<std::string, std::string>> found;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (!text.starts_with(environment_prefix) || equals == std::string_view::npos) continue;
    const auto name = text.substr(environment_prefix.size(), equals - environment_prefix.size());
    found.emplace_back(name, text.substr(equals + 1));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace fallbackmx
