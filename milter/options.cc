#include "milter/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace fallbackmx {

namespace {

namespace po = boost::program_options;

po::options_description described() {
  po::options_description options("Options");
  auto add = options.add_options();
  add("config,c", po::value<std::string>()->value_name("FILE"),
      "read FILE instead of /etc/fallbackmx/milter.conf");
  add("defaults,d", "print all parameters with their defaults, and exit");
  add("foreground,f", "accepted and ignored: the foreground is the default");
  add("help,h", "print this, and exit");
  add("log,l", po::value<std::string>()->value_name("TARGET"), "log to syslog, stderr or journal");
  add("check,n", "check the configuration, print what differs from the defaults, and exit");
  add("override,o", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "set a parameter; may be repeated");
  add("socket,p", po::value<std::string>()->value_name("SOCKET"), "listen on SOCKET (milter_socket)");
  add("user,u", po::value<std::string>()->value_name("USER[:GROUP]"), "started as root, become USER");
  add("version,V", "print the version, and exit");
  add("verbose,v", "log the dialogues with primaries too");
  return options;
}

po::variables_map parsed(int argc, const char* const* argv, const po::options_description& options) {
  // An abbreviation that is understood today is another option's name tomorrow.
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::variables_map values;
  const po::positional_options_description none;
  po::store(po::command_line_parser(argc, argv).options(options).positional(none).style(style).run(), values);
  return values;
}

/// What ends at once goes before what checks, and both before running.
Options::Task task_of(const po::variables_map& values) {
  if (values.count("help") != 0) return Options::Task::print_help;
  if (values.count("version") != 0) return Options::Task::print_version;
  if (values.count("defaults") != 0) return Options::Task::print_defaults;
  if (values.count("check") != 0) return Options::Task::print_changed;
  return Options::Task::run;
}

/// systemd's journal takes standard error, and adds the time itself.
std::string log_target(const std::string& name) { return name == "journal" ? "stderr" : name; }

Options options_of(const po::variables_map& values) {
  Options options;
  options.task = task_of(values);
  options.verbose = values.count("verbose") != 0;
  if (values.count("config") != 0) options.config_file = values["config"].as<std::string>();
  if (values.count("override") != 0) options.overrides = values["override"].as<std::vector<std::string>>();
  if (values.count("log") != 0)
    options.overrides.push_back("log_target=" + log_target(values["log"].as<std::string>()));
  if (values.count("socket") != 0)
    options.overrides.push_back("milter_socket=" + values["socket"].as<std::string>());
  if (values.count("user") != 0) {
    const std::string name = values["user"].as<std::string>();
    const auto colon = name.find(':');
    options.user = name.substr(0, colon);
    if (colon != std::string::npos) options.group = name.substr(colon + 1);
  }
  return options;
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  try {
    Options options = options_of(parsed(argc, argv, described()));
    for (const auto& each : options.overrides) {
      if (each.find('=') == std::string::npos) return Error{"-o " + each + ": this is not name=value"};
    }
    return options;
  } catch (const po::error& trouble) {
    return Error{trouble.what()};
  }
}

std::string help_text() {
  std::ostringstream text;
  text << "Usage: fallbackmx-milter [options]\n"
          "A milter that asks the primary MX before a fallback MX accepts mail.\n\n"
       << described();
  return text.str();
}

}  // namespace fallbackmx
