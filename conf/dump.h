// Printing parameters: for -n and -d, for the shipped milter.conf, for the manual.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"

namespace fallbackmx {

/// A parameter as it is in force, written as the administrator wrote it, or as the table has its default.
struct ParameterValue {
  std::string_view name;
  std::string value;
  bool changed = false;  ///< set somewhere, and not to the default
};
/// All of them, in the order of the table, and then the restriction classes; none when the configuration has
/// errors.
std::vector<ParameterValue> parameter_values(const Config&);

/// `name = value` lines of what differs from the defaults (-n), in the order of the table, values as written.
std::string dump_changed(const Config&);
/// All parameters with their defaults (-d).
std::string dump_defaults();
/// The commented sample file: every parameter, commented out, with its help.
std::string sample_file();
/// The parameter and restriction sections of the manual, in mdoc.
std::string manual_section();

/// What kind of value a parameter takes and between which bounds, as a sentence; empty for plain text.
std::string describe_kind(const Parameter&);

}  // namespace fallbackmx
