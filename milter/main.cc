// fallbackmx-milter: reads the command line and the configuration, and starts the daemon.

#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "conf/dump.h"
#include "milter/daemon.h"
#include "milter/libmilter/signals.h"
#include "milter/options.h"
#include "milter/setup/usable_config.h"

namespace fallbackmx {
namespace {

/// Prints all faults of the configuration, and its warnings.
void print_faults(const Config& config) {
  for (const auto& warning : config.warnings) std::cerr << "fallbackmx-milter: warning: " << warning << '\n';
  for (const auto& error : config.errors) std::cerr << "fallbackmx-milter: " << error << '\n';
}

int print_changed(const Config& config) {
  print_faults(config);
  if (!config.settings) return EX_CONFIG;
  std::cout << dump_changed(config);
  return EX_OK;
}

ConfigSources sources_for(const Options& options) {
  ConfigSources sources = config_sources(options.config_file, F_OK);
  sources.overrides = options.overrides;
  return sources;
}

int serve(const Options& options) {
  Signals signals;
  const ConfigSources sources = sources_for(options);
  const Config config = read_usable_config(sources);
  if (!config.settings) {
    print_faults(config);
    return EX_CONFIG;
  }
  const int status = run_daemon(options, sources, config, signals);
  // Without exit handlers: threads of libmilter, and of questions that nobody waits for any more, still run.
  std::cerr.flush();
  std::_Exit(status);
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (!options) {
    std::cerr << "fallbackmx-milter: " << options.error() << "; -h explains\n";
    return EX_USAGE;
  }
  switch (options->task) {
    case Options::Task::print_help:
      std::cout << help_text();
      return EX_OK;
    case Options::Task::print_version:
      std::cout << "fallbackmx-milter " FALLBACKMX_VERSION "\n";
      return EX_OK;
    case Options::Task::print_defaults:
      std::cout << dump_defaults();
      return EX_OK;
    case Options::Task::print_changed:
      return print_changed(read_usable_config(sources_for(*options)));
    case Options::Task::run:
      break;
  }
  return serve(*options);
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  try {
    return fallbackmx::run(argc, argv);
  } catch (const std::exception& trouble) {
    std::cerr << "fallbackmx-milter: " << trouble.what() << '\n';
    return EX_SOFTWARE;
  }
}
