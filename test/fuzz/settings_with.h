// Settings of a configuration that an input has a part in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/config.h"

namespace fallbackmx::fuzz {

/// Nothing when they are none. No file of the machine's is read but what they name.
inline std::shared_ptr<const Settings> settings_with(const std::vector<std::string>& overrides) {
  return read_config({.file = {}, .environment = {}, .overrides = overrides}).settings;
}

}  // namespace fallbackmx::fuzz
