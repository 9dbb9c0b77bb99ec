// Reading the configuration: file, environment and command line in, Settings or every error at once out.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/grammar/config_sources.h"
#include "conf/parameters.h"
#include "conf/tables/recipient_rewriting.h"

namespace fallbackmx {

/// What came of it. `settings` is set only when there are no errors.
struct Config {
  std::shared_ptr<const Settings> settings;
  /// What the MTA makes of recipients; read by read_usable_config(), with the settings.
  std::shared_ptr<const RecipientRewriting> rewriting;
  std::vector<std::string> errors;    ///< `milter.conf:12: ...`, in order of the file
  std::vector<std::string> warnings;  ///< parameters that mean something only to Postfix, and the like
  /// Name and value as written (after the last override) of everything that is set somewhere.
  std::vector<std::pair<std::string, std::string>> written;
};

/// Command line over environment over file over default. Never throws for bad input.
Config read_config(const ConfigSources&);

}  // namespace fallbackmx
